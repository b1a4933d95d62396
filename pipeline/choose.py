"""Stage choose of grid/dvc.yaml: of each network's cells the best by validation accuracy, never by test accuracy.

The chosen cells' files are copied under the names of the paper's rows, so that the report makes the paper's tables of them.
"""

import shutil

import pandas as pd

from pipeline.common.errors import InputError, run, take_no_arguments
from pipeline.common.files import write_csv, write_json, written
from pipeline.common.workspace import Section
from pipeline.config import params as parameters
from pipeline.reporting import choice
from pipeline.reporting.paper import read_paper
from pipeline.scoring.outputs import read_rows

GRID = Section("grid")


def main():
    """Read grid/reports/rows; write grid/reports/chosen (one folder a row of the paper) and grid/reports/search (two tables, a command)."""
    params = parameters.load()
    names = params.section("grid")
    rows = read_rows(GRID.rows, names, GRID.settings)
    if not rows:
        raise InputError(f"expected cells in {GRID.rows}, found none; run `dvc repro grid/dvc.yaml`, or some of its cells")
    histories = {cell: pd.read_csv(GRID.rows / cell / "history.csv") for cell in rows}
    cells = choice.cell_table(rows, histories, {cell: names[cell].optimizer for cell in rows})
    taken = choice.chosen(cells, read_paper())
    with written(GRID.tabled) as folder:
        folder.mkdir()
        for row, cell in taken.items():
            shutil.copytree(GRID.rows / cell, folder / row)
    optimism, mean = choice.optimism_table(cells, len(params.grid.optimizer) * len(params.grid.batch_size))
    with written(GRID.reports / "search") as folder:
        folder.mkdir()
        write_csv(folder / "optimism.csv", optimism)
        write_json(folder / "optimism.json", {"mean_difference": mean})
        write_csv(folder / "cells.csv", choice.all_cells(cells))
        (folder / "final.txt").write_text(choice.final_training(taken, cells), encoding="utf-8")
    print(optimism.to_string(index=False))
    print(f"{len(rows)} of {len(names)} cells. Chosen by test faces, {len(optimism)} searches show {mean:.2f} points more on average.")


if __name__ == "__main__":
    take_no_arguments(__doc__)
    run(main)
