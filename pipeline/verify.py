"""Reproduction check: runs the committed pipeline in a fresh clone without any cache, and compares what comes out.

python -m pipeline.verify [--rows ROW ...]   compare with the committed dvc.lock and reports; exit status 1 if they differ
python -m pipeline.verify --record           make dvc.lock, reports/metrics.json and reports/reference in a fresh clone, to be committed
python -m pipeline.verify --reference        add what this processor makes of the committed pipeline to reports/reference
python -m pipeline.verify --spread           measure how far the first steps move when only the rounding differs: reports/spread.json
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import yaml

from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.common.git import git
from pipeline.common.tables import print_table
from pipeline.reproduction.clone import LOCK, Clone
from pipeline.reproduction.comparison import compare_hashes, compare_rows, tolerances_of
from pipeline.reproduction.references import METRICS, REFERENCES, first_of, read_references, write_reference

SPREAD = "reports/spread.json"
DATA_STAGES = ("fetch", "to_rgb", "balance", "resolve")
FLIPS = 2  # trainings that start with other last bits
# Right arithmetic in another order: other kernels, as on another processor.
KERNELS = ({"ONEDNN_MAX_CPU_ISA": "AVX2"}, {"TF_ENABLE_ONEDNN_OPTS": "0"})


def agreed(clone, names=None):
    """Return {row: its numbers} after each row was trained until two of its trainings in a row agree.

    Rarely two runs of one training differ in last bits: a number that came once in forty would fail every later check.
    """
    rows = clone.rows(names)
    left = list(rows)
    while left:
        before = rows
        clone.train_again(left)
        rows = clone.rows(names)
        left = [row for row in left if rows[row] != before[row]]
        if left:
            print(f"trained once more, for they differed: {', '.join(left)}", flush=True)
    return rows


def with_updates(clone, rows):
    """Return `rows` with the updates of their first steps."""
    return {row: one | {"first_updates": clone.first_steps(row)[0]["first_updates"]} for row, one in rows.items()}


def record(root, folder):
    """Make the committed files in `folder` and bring them to `root`."""
    clone = Clone(root, folder)
    clone.repro()
    rows = with_updates(clone, agreed(clone))
    clone.repro()
    for name in (LOCK, METRICS):
        shutil.copyfile(folder / name, root / name)
    shutil.rmtree(root / REFERENCES, ignore_errors=True)  # what other machines made of another pipeline
    write_reference(root, rows)


def add_reference(root, folder):
    """Run the committed pipeline on this machine and keep its rows."""
    clone = Clone(root, folder)
    clone.repro()
    write_reference(root, with_updates(clone, agreed(clone)))


def verify(root, folder, names):
    """Return (list of Verdict, differences of the data) of a run in `folder`; names: of rows, None for the whole pipeline.

    On a known machine a row that differs is trained once more, and counts if it differs again: rarely, a step's last bits differ
    between two runs of the same training (docs/speed.md), and a number that cannot be had again is worth nothing.
    """
    metrics, references = read_json(root / METRICS), read_references(root)
    unknown = sorted(set(names or ()) - set(metrics["rows"]))
    if unknown:
        raise InputError(f"--rows: expected some of {', '.join(metrics['rows'])}, received {', '.join(unknown)}")
    here = fingerprint()
    known = next((reference for reference in references.values() if reference["machine"] == here), None)
    reference = known or first_of(references, metrics)
    print("rows: " + ("equal in everything, for this machine's numbers are known" if known else "by their first steps, on a new machine"))
    for key in sorted(key for key in reference["machine"] | here if reference["machine"].get(key) != here.get(key)):
        print(f"  {key}: {reference['machine'].get(key)} there, {here.get(key)} here")
    committed = {row: one for row, one in reference["rows"].items() if names is None or row in names}
    tolerances = {} if known else read_json(root / SPREAD)["rows"]
    clone = Clone(root, folder)
    clone.repro(*(f"evaluate@{row}" for row in names or ()))
    rows = clone.rows(names)
    found = compare_rows(committed, rows if known else with_updates(clone, rows), tolerances, known is not None)
    again = [verdict.row for verdict in found if verdict.differences and verdict.row in committed]
    if known and again:
        print(f"trained once more, for they differed: {', '.join(again)}", flush=True)
        clone.train_again(again)
        if names is None:
            clone.repro()
        found = compare_rows(committed, clone.rows(names), tolerances, True)
    differences = compare_hashes(yaml.safe_load((root / LOCK).read_text(encoding="utf-8")), clone.lock(), DATA_STAGES)
    if names is None:
        differences += compare_report(metrics, read_json(clone.folder / METRICS), clone.rows())
    return found, differences


def compare_report(committed, received, rows):
    """Return what is wrong with a run's reports/metrics.json: other data than committed, or other numbers than its rows have."""
    differences = [] if committed["data"] == received["data"] else [("data", committed["data"], received["data"], "equal")]
    if received["rows"] != {row: one["metrics"] for row, one in rows.items()}:
        differences.append((METRICS, "the numbers of reports/rows", "others", "equal"))
    return differences


def spread(root, folder):
    """Measure how far each row's first steps move under other rounding, and write reports/spread.json."""
    clone = Clone(root, folder)
    clone.repro("resolve")
    found = {}
    for row in read_json(root / METRICS)["rows"]:
        reference, *flipped = clone.first_steps(row, FLIPS)
        found[row] = tolerances_of(reference, [*flipped, *(clone.first_steps(row, environment=kernels)[0] for kernels in KERNELS)])
        for series, tolerances in found[row].items():
            print(f"{row}, {series}: {', '.join(f'{tolerance:.2g}' for tolerance in tolerances)}", flush=True)
    about = {"machine": fingerprint(), "flips": FLIPS, "kernels": list(KERNELS)}
    write_json(root / SPREAD, {"measured_on": about, "rows": found})


def show(found, differences):
    """Print the verdict of every row, then what differs; return whether anything does."""
    lines = [(verdict.row, verdict.checked, "differs" if verdict.differences else "reproduced") for verdict in found]
    print_table(None, ("row", "compared", "verdict"), lines)
    differing = differences + [difference for verdict in found for difference in verdict.differences]
    if differing:
        print_table(None, ("what", "committed", "reproduced", "allowed"), differing)
        print(f"not reproduced: {counted(differing, 'difference')}")
        return True
    counts = {}
    for verdict in found:
        counts[verdict.checked] = counts.get(verdict.checked, 0) + 1
    said = "; ".join(f"{count}: {checked}" for checked, count in counts.items())
    print(f"reproduced: the data's hashes, and {counted(found, 'row')} ({said})")
    return False


def counted(things, noun):
    """Return how many there are, in words: 1 row, 2 rows."""
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"


def main():
    """Run one of the modes in a temporary clone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--record", action="store_true", help="make the committed files anew")
    mode.add_argument("--reference", action="store_true", help="add this machine's numbers")
    mode.add_argument("--spread", action="store_true", help="measure the tolerances for other machines")
    mode.add_argument("--rows", nargs="+", metavar="ROW", help="check these rows alone")
    options = parser.parse_args()
    root = Path.cwd()
    git("rev-parse", "--verify", "HEAD")
    needed = [] if options.record else [METRICS, LOCK] if options.spread or options.reference else [METRICS, LOCK, SPREAD]
    missing = [name for name in needed if not (root / name).exists()]
    if missing or not (root / "dvc.yaml").exists():
        raise InputError(
            f"expected {', '.join(missing) or 'dvc.yaml'} in the working folder, found none; "
            "run `python -m pipeline.verify --record`, commit, then run it with --spread"
        )
    with tempfile.TemporaryDirectory(prefix="reproduction-") as temporary:
        folder = Path(temporary) / "clone"
        if options.record:
            record(root, folder)
        elif options.reference:
            add_reference(root, folder)
        elif options.spread:
            spread(root, folder)
        elif show(*verify(root, folder, options.rows)):
            sys.exit(1)


if __name__ == "__main__":
    run(main)
