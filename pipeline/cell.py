"""Stage train of grid/dvc.yaml: one cell trained and evaluated in one process, which starts TensorFlow once."""

import argparse

from pipeline.common.errors import run
from pipeline.common.workspace import Section
from pipeline.scoring.evaluation import evaluate_row
from pipeline.training import backend
from pipeline.training.trainer import train_row


def main():
    """Train and score the cell that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", required=True, help="its name: data-network-optimizer-batch")
    options = parser.parse_args()
    grid = Section("grid")
    grid.check_row(options.row)
    checkpoint = train_row(options.row, grid)
    evaluate_row(options.row, grid)
    checkpoint.drop()  # not before: killed while it evaluates, the stage runs again as a whole


if __name__ == "__main__":
    run(main, backend.leave)
    backend.leave()
