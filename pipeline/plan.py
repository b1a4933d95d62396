"""What `dvc repro` would train now, and what it would cost on this machine, before anyone spends a week.

python -m pipeline.plan grid/dvc.yaml                                       every cell that DVC would run
python -m pipeline.plan grid/dvc.yaml --cells 'unbalanced-ResNet50-*'       some of them
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

from pipeline.common.errors import InputError, run
from pipeline.common.progress import Bar
from pipeline.common.tables import print_table
from pipeline.common.workspace import SPLIT_FILES
from pipeline.config.scoring import Scoring
from pipeline.config.settings import Settings
from pipeline.dataset.split_file import part, read_split
from pipeline.scoring.prediction import variants_of
from pipeline.search import cells, estimate

WORKERS = (1, 2, 8)
NO_FACES = np.zeros((0, 1, 1, 3), np.uint8)


def kind(settings):
    """Return what of a row's settings decides the seconds of a step, besides the batch: rows of one kind are measured together."""
    left_out = {"row", "data", "batch_size", "epochs", "seed", "fold"}
    return json.dumps(settings.model_dump(exclude=left_out), sort_keys=True)


def measured(group):
    """Return the figures of step_times.measure for rows of one kind, at their smallest and largest batch."""
    sizes = sorted({settings.batch_size for settings in group})
    given = {"settings": group[0].model_dump(), "batch_sizes": sorted({sizes[0], sizes[-1]}), "started": time.time()}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipeline.search.step_times", json.dumps(given)]
        done = subprocess.run(command, env=os.environ | {"FER2013_CACHE": folder}, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]  # a process that is killed says nothing
        raise InputError(f"{group[0].model}: expected a few steps to run, received: {said}")
    figures = json.loads(done.stdout.splitlines()[-1])
    return figures | {"steps": {int(size): seconds for size, seconds in figures["steps"].items()}}


def faces_of(settings):
    """Return how many faces a row trains, validates and is tested on."""
    split = read_split(SPLIT_FILES / f"{settings.data}.csv", settings.emotions, settings.fold)
    return {name: len(part(split, name)[0]) for name in ("train", "validation", "test")}


COLUMNS = ("row", "network", "batch", "epochs", "training faces", "hours")
LEAST = ("network", "training faces", "epochs", "batch")  # left out on a narrow terminal, in this order


def lines_of(rows, faces, costs):
    """Return a list of what stands in each of COLUMNS for every row."""
    return [
        (name, settings.model, settings.batch_size, settings.epochs, faces[name]["train"], f"{costs[name] / 3600:.3f}")
        for name, settings in rows.items()
    ]


def main():
    """Bring resolve up to date, measure, and print the table and the totals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cells.add_arguments(parser)
    options = parser.parse_args()
    cells.bring_resolve_up_to_date(options.file)
    with cells.opened() as repo:
        chosen = cells.trainings(repo, options.file, options.cells)
        names = [name for name, stage in chosen.items() if cells.would_run(stage)]
    print(f"{options.file}: {len(names)} of {len(chosen)} trainings would run; the others are up to date or in DVC's cache")
    if not names:
        return
    section = cells.FILES[options.file]
    rows = {name: Settings.read(section.settings / f"{name}.json") for name in names}
    kinds = {}
    for settings in rows.values():
        kinds.setdefault(kind(settings), []).append(settings)
    with Bar("measure", len(kinds), "networks") as bar:
        figures = {}
        for key, group in kinds.items():
            figures[key] = measured(group)
            bar.advance(1, group[0].model)
    faces = {name: faces_of(settings) for name, settings in rows.items()}
    costs = {}
    for name, settings in rows.items():
        tta = Scoring.read(section.settings / "scoring" / f"{name}.json").tta
        variants, one_process = len(list(variants_of(NO_FACES, tta))), section.name == "grid"
        costs[name] = estimate.cell_seconds(settings, faces[name], figures[kind(settings)], variants, one_process)
    print_table("What would run", COLUMNS, lines_of(rows, faces, costs), LEAST)
    for workers in WORKERS:
        hours = estimate.makespan(costs.values(), workers) / 3600
        print(f"{workers} worker{'s' if workers > 1 else ''} like this machine: {hours:.3f} hours")
    outputs = sum(figures[kind(settings)]["weights_bytes"] for settings in rows.values())
    largest = max(figure["checkpoint_bytes"] for figure in figures.values())
    print(f"disk: {outputs / 2**30:.2f} GiB of weights, and up to {largest / 2**30:.2f} GiB of checkpoint for each worker")


if __name__ == "__main__":
    run(main)
