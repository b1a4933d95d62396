"""How rarely two runs of one training differ: a small training again and again, each in a process of its own.

python -m benchmarks.repeats --times 200 --json results/repeats.json [--network NAME]

After each step all variables are digested; runs are compared step by step. Three epochs on 100 synthetic faces with 40 for validation,
SGD, batches of 32, the last of an epoch of 4: so that sizes are met for the first time, after which the one difference seen came.
"""

import argparse
import collections
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.step_digests import NETWORKS, faces_and_labels, settings_of
from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.common.tables import print_table
from pipeline.config import params as parameters
from pipeline.training import backend

TRAINING, VALIDATION = 100, 40


def train_once(network):
    """Return the digests of all variables, one after each step, of one training in this process."""
    from pipeline.networks.shared import classifier
    from pipeline.training import steps
    from pipeline.training.fit import fit

    params = parameters.load()
    size = params.image_sizes.get(network, params.image_sizes["default"])
    settings = settings_of(network, size, epochs=3, batch_norm_faces=VALIDATION)
    backend.start_for(settings)
    pixels, labels = faces_and_labels(params, TRAINING + VALIDATION)
    model, digests = classifier.build(settings), []
    kind = steps.load().Steps
    train = kind.train

    def train_and_digest(self, *batch):
        found = train(self, *batch)
        self.store()
        digest = hashlib.sha256()
        for variable in model.variables:
            digest.update(backend.value_of(variable).tobytes())
        digests.append(digest.hexdigest()[:16])
        return found

    kind.train = train_and_digest
    try:
        parts = np.split(np.arange(len(labels)), [TRAINING])
        fit(model, pixels, *((part, labels[part]) for part in parts), settings, lambda *_: None, lambda *_: None)
    finally:
        kind.train = train
    return digests


def compare(runs):
    """Return {"runs": their number, "most": digests of most runs, "others": [{"run": number, "step": first that differs, "digests"}]}.

    runs: a list of digests for each, one a step.
    """
    most = list(collections.Counter(map(tuple, runs)).most_common(1)[0][0])
    others = [{"run": n, "step": next(i for i, pair in enumerate(zip(one, most, strict=True), start=1) if len({*pair}) > 1), "digests": one}
              for n, one in enumerate(runs, start=1) if one != most]  # fmt: skip
    return {"runs": len(runs), "most": most, "others": others}


def runs_in(found):
    """Return the list of runs of which `found` is the comparison."""
    others = {other["run"]: other["digests"] for other in found["others"]}
    return [others.get(n, found["most"]) for n in range(1, found["runs"] + 1)]


def main():
    """Train the network again and again; write and print how many runs differ, after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="GoogLeNet")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--json", type=Path, help="file for the results; what it holds of this network on this machine is added to")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(train_once(options.network)))
        return
    if options.times < 1:
        raise InputError(f"--times: expected a number of runs from 1 up, received {options.times}")
    kept = read_json(options.json) if options.json and options.json.exists() else {}
    about = {"machine": fingerprint(), "network": options.network}
    runs = runs_in(kept) if {name: kept.get(name) for name in about} == about else []
    command = [sys.executable, "-m", "benchmarks.repeats", "--once", "--network", options.network]
    started, first = time.monotonic(), len(runs)
    while len(runs) < options.times:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{options.network} failed:\n{done.stderr[-3000:]}")
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        found = about | compare(runs)
        if options.json:
            write_json(options.json, found)
        if sys.stdout.isatty() or len(runs) % 20 == 0 or len(runs) == options.times:
            left = (time.monotonic() - started) / (len(runs) - first) * (options.times - len(runs))
            print(f"{len(runs)} of {options.times} runs, {len(found['others'])} differ, {left / 60:.0f} minutes left", flush=True)
    print_table(None, ("network", "runs", "steps", "differ"), [(options.network, len(runs), len(runs[0]), len(compare(runs)["others"]))])


if __name__ == "__main__":
    run(main)
