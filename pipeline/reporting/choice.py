"""Which cells of a search are the best: by validation faces, and by test faces as the paper seems to have chosen."""

import pandas as pd

from pipeline.common.errors import InputError
from pipeline.reporting.tables import OPTIMIZERS, percent

SEARCHED = ["data", "model"]  # the best of each


def cell_table(rows, histories, optimizers):
    """Return a table of the cells that were run, shares of 1, in their order.

    rows: {cell: metrics}; histories: {cell: table of its epochs}; optimizers: {cell: its optimizer's name in params.yaml}. Columns:
    cell, data, model, optimizer, batch_size, validation_faces, validation, validation_loss (both after the last epoch), n, test, low, high.
    """
    lines = []
    for cell, row in rows.items():
        settings, history = row["settings"], histories[cell]
        if "val_accuracy" not in history:
            raise InputError(f"{cell}: expected validation faces to choose by, received none; run `dvc repro grid/dvc.yaml:resolve`")
        low, high = row["interval"]["accuracy"]
        lines.append(
            {
                "cell": cell, "data": settings["data"], "model": settings["model"], "optimizer": optimizers[cell],
                "batch_size": settings["batch_size"], "validation_faces": row["faces"]["validation"],
                "validation": float(history.val_accuracy.iloc[-1]), "validation_loss": float(history.val_loss.iloc[-1]),
                "n": row["faces"]["test"], "test": row["accuracy"], "low": low, "high": high,
            }
        )  # fmt: skip
    return pd.DataFrame(lines)


def best_by_validation(cells):
    """Return the line of a cell_table with the highest validation accuracy; among equals the lowest loss, then the first."""
    return cells.sort_values(["validation", "validation_loss"], ascending=[False, True], kind="stable").iloc[0]


def best_by_test(cells):
    """Return the line of a cell_table with the highest test accuracy, among equals the first: for comparison only."""
    return cells.sort_values("test", ascending=False, kind="stable").iloc[0]


def chosen(cells, paper):
    """Return {row of the paper's tables: cell} of the best cells by validation, for what was run.

    Table 4's second line is the best cell of the optimizer that Table 2's line did not take.
    """
    found = {}
    for table in paper["tables"].values():
        for line in table["rows"]:
            if line["row"] is None or line["row"] in found:
                continue
            candidates = cells[(cells.data == table["data"]) & (cells.model == row_model(line))]
            taken = [found[other["row"]] for other in table["rows"] if other["row"] in found and row_model(other) == row_model(line)]
            candidates = candidates[~candidates.optimizer.isin(candidates.optimizer[candidates.cell.isin(taken)])]
            if len(candidates):
                found[line["row"]] = best_by_validation(candidates).cell
    return found


def final_training(taken, cells):
    """Return the commands that train the chosen cells once more as rows of params.yaml, on all training faces, and make their report.

    taken: of chosen(); cells: a cell_table. A search keeps faces back to choose by; the paper's numbers come from all of them.
    """
    by_name = cells.set_index("cell")
    options = [f"-S rows.{row}.{key}={by_name.loc[cell, key]}" for row, cell in taken.items() for key in ("optimizer", "batch_size")]
    run = " \\\n  ".join(["dvc exp run -S profile=paper", *options, " ".join(f"evaluate@{row}" for row in taken)])
    return f"{run}\ndvc repro --single-item report\n"


def row_model(line):
    """Return our name of a line's network: its row's own, for the paper prints GoogleNet."""
    return line["row"].split("-")[1] if line["row"] else None


def optimism_table(cells, searched):
    """Return (lines of text, mean difference in points): for each data set and network both choices and their test accuracies.

    searched: how many cells each search has when all were run.
    """
    lines, differences = [], []
    for (data, model), group in cells.groupby(SEARCHED, sort=False):
        honest, peeked = best_by_validation(group), best_by_test(group)
        differences.append(100 * (peeked.test - honest.test))
        lines.append(
            {
                "Data": data, "Models": model, "Runs": f"{len(group)} of {searched}", "By validation": setting(honest),
                "Validation accuracy": percent(honest.validation), "Its accuracy": percent(honest.test),
                "Interval": f"{percent(honest.low)} to {percent(honest.high)}", "n": str(honest.n), "By test": setting(peeked),
                "Best accuracy": percent(peeked.test), "Difference": f"{differences[-1]:+.2f}",
            }
        )  # fmt: skip
    return pd.DataFrame(lines), sum(differences) / len(differences)


def all_cells(cells):
    """Return every cell as a line of text, percent."""
    return pd.DataFrame(
        {
            "Data": cells.data,
            "Models": cells.model,
            "Optimizer": cells.optimizer.map(lambda name: OPTIMIZERS.get(name, name)),
            "Batch Size": cells.batch_size.astype(str),
            "Validation accuracy": cells.validation.map(percent),
            "Validation faces": cells.validation_faces.astype(str),
            "Accuracy": cells.test.map(percent),
            "Interval": [f"{percent(low)} to {percent(high)}" for low, high in zip(cells.low, cells.high, strict=True)],
            "n": cells.n.astype(str),
        }
    )


def setting(cell):
    """Return a cell's optimizer and batch size in a few words."""
    return f"{OPTIMIZERS.get(cell.optimizer, cell.optimizer)}, {cell.batch_size}"
