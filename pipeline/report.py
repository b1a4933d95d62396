"""Stage report: all rows to Tables 2 to 4, Figures 3 to 8, metrics.json and one page that says what made them."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import params as parameters
from pipeline.errors import run
from pipeline.files import read_json, write_csv, write_json, written
from pipeline.results import figures, page, tables
from pipeline.results.rows import read_paper, read_rows

REPORTS, SOURCE = Path("reports"), Path("data/raw/source.json")
ROWS = REPORTS / "rows"


def draw(paper, rows, note, folder, dpi):
    """Write Figures 3 to 8 of the rows that were run into `folder`."""
    figures.style()
    for table, (bar, curve), what in (("table2", (3, 4), "imbalanced"), ("table3", (5, 6), "balanced")):
        run_rows = [line["row"] for line in paper["tables"][table]["rows"] if line["row"] in rows]
        if run_rows:
            lines = [(rows[row]["settings"]["model"], with_intervals(rows[row])) for row in run_rows]
            n = " and ".join(sorted({str(rows[row]["faces"]["test"]) for row in run_rows}))
            title = f"{what} data, n = {n} test faces\n{note}"
            figures.save(figures.bars(lines, f"Figure {bar}. Comparison of models, {title}"), folder, f"figure{bar}", dpi)
            curves = [
                (rows[row]["settings"]["model"], *macro_curve(row), np.mean([a for a in rows[row]["auc"] if a is not None]))
                for row in run_rows
            ]
            figures.save(figures.roc(curves, f"Figure {curve}. ROC, {what} data\n{note}"), folder, f"figure{curve}", dpi)
    compared = [line for line in paper["tables"]["table4"]["rows"] if line["row"] is None or line["row"] in rows]
    if len(compared) > 1:
        lines = [compared_line(line, rows) for line in compared]
        figures.save(
            figures.bars(lines, f"Figure 7. Comparison with [4] (as published), imbalanced data\nours: {note}"), folder, "figure7", dpi
        )
    best = paper["tables"]["table2"]["rows"][0]["row"]  # the paper's Figure 8 is of this row
    if best in rows:
        emotions = rows[best]["settings"]["emotions"]
        cells = pd.read_csv(ROWS / best / "confusion.csv")
        matrix = cells.faces.to_numpy().reshape(len(emotions), -1)
        model = rows[best]["settings"]["model"]
        title = f"Figure 8. Confusion matrix, {model}, imbalanced data, n = {matrix.sum()}\n{note}"
        figures.save(figures.confusion(matrix, emotions, title), folder, "figure8", dpi)


def with_intervals(row):
    """Return {score: (value, low, high)} of a row."""
    values = {"accuracy": row["accuracy"]} | row["macro"]
    return {score: (value, *row["interval"][score]) for score, value in values.items()}


def compared_line(line, rows):
    """Return (name, scores) of a line of Table 4, ours measured, the reference's as published."""
    if line["row"] is None:
        return line["model"], {score: (line[score] / 100, None, None) for score in figures.SCORES}
    settings = rows[line["row"]]["settings"]
    return f"{settings['model']} {settings['optimizer']['name']}", with_intervals(rows[line["row"]])


def macro_curve(row):
    """Return (false, true) positive rates of a row's macro-averaged ROC."""
    curve = pd.read_csv(ROWS / row / "roc.csv")
    curve = curve[curve.emotion == "macro average"]
    return curve.false_positive_rate, curve.true_positive_rate


def gather(rows, name):
    """Return one table of `name` (a CSV of evaluate) over all rows, with a column row."""
    return pd.concat([pd.read_csv(ROWS / row / name).assign(row=row) for row in rows], ignore_index=True)


def main():
    """Read reports/rows and data/raw/source.json; write reports/."""
    params, paper, source = parameters.load(), read_paper(), read_json(SOURCE)
    rows = read_rows(ROWS, params.rows)
    note = page.note(source, params.profile)
    official_faces = paper["official_faces"] if params.splits.unbalanced == "official" else None
    made = {name: tables.table(table, rows, source, official_faces) for name, table in paper["tables"].items()}
    listed = {line["row"] for table in paper["tables"].values() for line in table["rows"]}
    others = tables.other_rows(rows, listed, source)
    if others is not None:
        made["other_rows"] = others
    with written(REPORTS / "tables") as folder:
        folder.mkdir()
        for name, table in made.items():
            write_csv(folder / f"{name}.csv", table)
            (folder / f"{name}.md").write_text(page.table(name, table, paper, note), encoding="utf-8")
    with written(REPORTS / "figures") as folder:
        folder.mkdir()
        draw(paper, rows, note, folder, params.report.dpi)
        drawn = sorted(path.name for path in folder.glob("*.png"))
    with written(REPORTS / "plots") as folder:
        folder.mkdir()
        for name in ("history", "roc", "confusion"):
            write_csv(folder / f"{name}.csv", gather(rows, f"{name}.csv") if rows else pd.DataFrame())
    with written(REPORTS / "report.md") as path:
        path.write_text(page.page(made, paper, source, params.profile, drawn), encoding="utf-8")
    about = {"profile": params.profile, "source": source["source"], "synthetic_faces": source["source"] == "synthetic"}
    write_json(REPORTS / "metrics.json", {"data": about, "rows": {name: tables.summary(row) for name, row in rows.items()}})
    print(f"The report: {(REPORTS / 'report.md').resolve()}")


if __name__ == "__main__":
    run(main)
