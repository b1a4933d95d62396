"""What one GPU does in a few minutes: each network's speed beside plain Keras, then whole trainings; each result is kept once it is there.

python -m benchmarks.gpu --minutes 9 --out FOLDER [--networks NAME ...] [--rows ROW:SEED:EPOCHS ...] [--precisions NAME ...]

Needs JAX, not TensorFlow, DVC or a network; docs/training.md says how to bring the rest. The same command again does what is missing in
FOLDER/gpu.json. The trainings want data/ as the stages balance and resolve leave it; without it they are left out.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json
from pipeline.common.workspace import SPLIT_FILES
from pipeline.config import params as parameters
from pipeline.config.rows import NETWORKS
from pipeline.dataset.names import TEST
from pipeline.dataset.split_file import part, read_split

SPEEDS = ("Compact", "GoogLeNet", "ResNet50", "MobileNetV2", "InceptionV3", "Xception", "ResNet101", "InceptionResNetV2")
# In order of worth: what a lease does not reach is left to the next.
TRAININGS = [f"compact-0:{seed}:60" for seed in range(5)]
TRAININGS += [f"modern-{name}:0:40" for name in ("ResNet50", "GoogLeNet", "InceptionV3", "InceptionResNetV2")]
PROGRAMS, PRECISIONS = ("plain", "ours"), ("mixed_bfloat16", "float32")
LEAST = 30  # seconds left in which a job is still begun


class Jobs:
    """Processes of benchmarks.gpu_jobs within a time, and what they found, kept in a folder."""

    def __init__(self, folder, seconds):
        self.folder, self.end, self.running = folder, time.monotonic() + seconds, []
        self.found = read_json(folder / "gpu.json") if (folder / "gpu.json").exists() else {}
        timer = threading.Timer(seconds, self.stop)
        timer.daemon = True  # of a run that is done earlier nobody waits for it
        timer.start()
        cache = {"JAX_COMPILATION_CACHE_DIR": str(folder / "xla"), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        self.environment = os.environ | {"KERAS_BACKEND": "jax"} | cache

    def left(self):
        """Return the seconds left."""
        return self.end - time.monotonic()

    def stop(self):
        """Interrupt what runs: a training keeps its checkpoint."""
        for process in self.running:
            if process.poll() is None:
                process.terminate()

    def start(self, kind, given):
        """Start a job and return its process."""
        command = [sys.executable, "-m", "benchmarks.gpu_jobs", kind, json.dumps(given | {"backend": "jax", "started": time.time()})]
        log = open(self.folder / "gpu.log", "ab")
        process = subprocess.Popen(command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.running.append(process)
        return process

    def finish(self, name, process):
        """Let a job go on, wait for it, and keep what it found; say so in a line."""
        said, _ = process.communicate("\n")
        if process.returncode:
            print(f"{name}: no result, exit status {process.returncode}; see {self.folder / 'gpu.log'}", flush=True)
            return None
        self.found[name] = json.loads(said.splitlines()[-1])
        write_json(self.folder / "gpu.json", self.found)
        return self.found[name]


def speeds(jobs, networks, precision, given, sizes):
    """Compile every network's programs beside one another, then measure one after another."""
    names = {(network, program): f"{program} {network} {precision}" for network in networks for program in PROGRAMS}
    todo = {key: name for key, name in names.items() if name not in jobs.found}
    if jobs.left() < LEAST:
        return
    started = {
        (network, program): jobs.start(program, given | {"network": network, "precision": precision, "size": sizes[network]})
        for network, program in todo
    }
    for process in started.values():
        process.stdout.readline()  # compiled, or the end of a process that failed
    for key, process in started.items():
        figures = jobs.finish(todo[key], process)
        if figures:
            print(f"{todo[key]}: {figures['train_per_second']:,.0f} faces/s, first step {figures['first_step_seconds']:.0f} s", flush=True)


def trainings(jobs, wanted, precision, at_once=2):
    """Train and score rows, some at once: while one starts or is scored the other keeps the GPU busy."""
    slots, waiting = threading.Semaphore(at_once), []

    def one(name, given):
        with slots:
            if jobs.left() < LEAST:
                return
            found = jobs.finish(name, jobs.start("training", given))
        if found:
            accuracy, (low, high) = found["scores"]["accuracy"], found["scores"]["interval"]["accuracy"]
            said = f"{100 * accuracy:.2f} % ({100 * low:.2f} to {100 * high:.2f}) of {len(np.load(given['answers'])):,} test faces"
            print(f"{name}: {said}, {found['train_seconds']:.0f} s of training", flush=True)

    for name in wanted:
        row, seed, epochs = name.split(":")
        given = {"row": row, "seed": int(seed), "epochs": int(epochs), "precision": precision, "at_once": at_once}
        given["answers"] = str(jobs.folder / f"{name}.npy")
        if name not in jobs.found:
            waiting.append(threading.Thread(target=one, args=(name, given)))
            waiting[-1].start()
            time.sleep(0.1)  # the semaphore lets them through in this order
    for thread in waiting:
        thread.join()


def average(jobs):
    """Return the share of test faces that the average of Compact's seeds answers rightly, by part, or None for fewer than two."""
    done = [name for name in jobs.found if name.startswith("compact-0:")]
    if len(done) < 2:
        return None
    emotions = jobs.found[done[0]]["settings"]["emotions"]
    _, labels = part(read_split(SPLIT_FILES / "unbalanced.csv", emotions), TEST)
    mean = np.mean([np.load(jobs.folder / f"{name}.npy") for name in done], axis=0)
    return {"trainings": done, "test_faces": len(labels), "accuracy": float((mean.argmax(axis=1) == labels).mean())}


def main():
    """Measure and train within the time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=SPEEDS)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--rows", nargs="*", default=TRAININGS, metavar="ROW:SEED:EPOCHS", help="of beyond/params.yaml")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    params = parameters.load()
    unknown = [name for name in options.rows if name.count(":") != 2 or name.split(":")[0] not in params.beyond]
    if unknown:
        raise InputError(f"--rows: expected ROW:SEED:EPOCHS with a row of beyond/params.yaml, received {', '.join(unknown)}")
    jobs = Jobs(options.out, 60 * options.minutes)
    sizes = {network: params.image_sizes.get(network, params.image_sizes["default"]) for network in options.networks}
    given = {"batch_size": options.batch_size, "batches": 32, "seconds": options.seconds, "optimizer": "sgd"}
    first, *others = options.precisions
    speeds(jobs, options.networks, first, given, sizes)
    if (SPLIT_FILES / "unbalanced.csv").exists():
        trainings(jobs, options.rows, first)
        jobs.found["average"] = average(jobs)
        write_json(jobs.folder / "gpu.json", jobs.found)
    else:
        print(f"no trainings: expected {SPLIT_FILES / 'unbalanced.csv'}, found none")
    for precision in others:
        speeds(jobs, options.networks, precision, given, sizes)


if __name__ == "__main__":
    run(main)
