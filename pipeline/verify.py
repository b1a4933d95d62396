"""Reproduction check: runs the committed pipeline in a fresh clone without any cache, and compares what comes out.

python -m pipeline.verify             compare with the committed dvc.lock and reports/metrics.json; exit status 1 if they differ
python -m pipeline.verify --record    make these files and reports/machine.json in a fresh clone, each row trained twice, to be committed
python -m pipeline.verify --spread    measure how far metrics move when only the rounding differs: reports/spread.json
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.common.git import git
from pipeline.common.tables import print_table
from pipeline.reporting.reproduction import compare_hashes, compare_metrics, measure_spread

LOCK, METRICS, MACHINE, SPREAD = "dvc.lock", "reports/metrics.json", "reports/machine.json", "reports/spread.json"
DATA_STAGES = ("fetch", "to_rgb", "balance", "resolve")
# Other kernels with another order of summation, as on a CPU without AVX-512: right arithmetic, other last bits.
ROUNDINGS = ({"ONEDNN_MAX_CPU_ISA": "AVX2"},)


def reproduce(root, folder, environment=None):
    """Clone `root`'s HEAD into `folder`, run `dvc repro` there with nothing cached, and return (lock, metrics)."""
    git("clone", "--quiet", "--no-hardlinks", str(root), str(folder))
    local = folder / ".dvc" / "config.local"  # a cache shared by the user's own settings would answer instead of a training
    local.write_text(f"[cache]\n    dir = {folder / '.dvc' / 'cache'}\n", encoding="utf-8")
    return repro(folder, [], environment)


def repro(folder, arguments, environment=None):
    """Run `dvc repro` with `arguments` in `folder` and return (lock, metrics)."""
    own = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"} | (environment or {})
    own["FER2013_CACHE"] = str(folder / ".dvc" / "tmp" / "cache")  # nor may a checkpoint
    done = subprocess.run(["dvc", "repro", *arguments], cwd=folder, env=own, stdout=sys.stderr, check=False)
    if done.returncode:
        raise InputError(f"expected `dvc repro` in a fresh clone to succeed, received exit status {done.returncode}; see above")
    metrics = folder / METRICS
    return yaml.safe_load((folder / LOCK).read_text(encoding="utf-8")), read_json(metrics) if metrics.exists() else None


def record(root, folder):
    """Make the committed files in `folder`; every row is trained until two of its trainings in a row agree.

    Rarely two runs of one training differ in last bits: a number that came once in forty would fail every later check.
    """
    _, metrics = reproduce(root, folder)
    left = list(metrics["rows"])
    while left:
        before = metrics
        repro(folder, ["--force", "--single-item", *(f"train@{row}" for row in left)])
        _, metrics = repro(folder, [])
        left = [row for row in left if metrics["rows"][row] != before["rows"][row]]
        if left:
            print(f"trained once more, for they differed: {', '.join(left)}", flush=True)
    for name in (LOCK, METRICS):
        shutil.copyfile(folder / name, root / name)
    write_json(root / MACHINE, fingerprint())


def verify(root, folder):
    """Return a list of differences between the committed files and a run in `folder`.

    On the machine that made them a row that differs is trained once more, and counts if it differs again: rarely, a step's
    last bits differ between two runs of the same training (docs/speed.md), and a number that cannot be had again is worth nothing.
    """
    committed = yaml.safe_load((root / LOCK).read_text(encoding="utf-8")), read_json(root / METRICS)
    machine = read_json(root / MACHINE)
    lock, metrics = reproduce(root, folder)
    here = fingerprint()
    same_machine = machine == here
    tolerance = None if same_machine else read_json(root / SPREAD)["tolerance"]
    print("metrics: " + ("exactly, on the machine that made them" if same_machine else "within the measured spread, on another machine"))
    for key in sorted(key for key in machine | here if machine.get(key) != here.get(key)):
        print(f"  {key}: {machine.get(key)} there, {here.get(key)} here")
    differences = compare_metrics(committed[1], metrics, tolerance)
    again = [row for row in committed[1]["rows"] if any(what.startswith(f"{row}: ") for what, *_ in differences)]
    if same_machine and again:
        print(f"trained once more, for they differed: {', '.join(again)}")
        repro(folder, ["--force", "--single-item", *(f"train@{row}" for row in again)])
        lock, metrics = repro(folder, [])
        differences = compare_metrics(committed[1], metrics, tolerance)
    return compare_hashes(committed[0], lock, DATA_STAGES) + differences


def main():
    """Run one of the three modes in a temporary clone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--record", action="store_true", help="make the committed files anew")
    mode.add_argument("--spread", action="store_true", help="measure the tolerance for other machines")
    options = parser.parse_args()
    root = Path.cwd()
    git("rev-parse", "--verify", "HEAD")
    needed = [] if options.record else [METRICS, LOCK] if options.spread else [METRICS, LOCK, MACHINE, SPREAD]
    missing = [name for name in needed if not (root / name).exists()]
    if missing or not (root / "dvc.yaml").exists():
        raise InputError(
            f"expected {', '.join(missing) or 'dvc.yaml'} in the working folder, found none; "
            "run `python -m pipeline.verify --record`, commit, then run it with --spread"
        )
    with tempfile.TemporaryDirectory(prefix="reproduction-") as temporary:
        if options.record:
            record(root, Path(temporary) / "clone")
        elif options.spread:
            reference = read_json(root / METRICS)
            runs = [reproduce(root, Path(temporary) / str(number), env)[1] for number, env in enumerate(ROUNDINGS)]
            write_json(root / SPREAD, {"roundings": list(ROUNDINGS)} | measure_spread(reference, runs))
        else:
            differences = verify(root, Path(temporary) / "clone")
            if differences:
                print_table(None, ("what", "committed", "reproduced", "allowed"), differences)
                print(f"not reproduced: {len(differences)} differences")
                sys.exit(1)
            print("reproduced: no difference")


if __name__ == "__main__":
    run(main)
