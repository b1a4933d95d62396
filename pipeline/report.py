"""Stage report: all rows to Tables 2 to 4, the figures, metrics.json, and one page that says what made them and what it is worth."""

import argparse
import json

import pandas as pd

from pipeline.common.errors import run
from pipeline.common.files import read_json, write_csv, write_json, written
from pipeline.common.workspace import AUDIT, RAW, add_section
from pipeline.config import params as parameters
from pipeline.dataset.arrays import open_npy
from pipeline.dataset.names import SPLITS
from pipeline.reporting import details, page, tables
from pipeline.reporting.drawing import draw
from pipeline.reporting.model_card import model_card
from pipeline.reporting.overview import overview
from pipeline.reporting.paper import read_paper, read_structure
from pipeline.reporting.significance import compare
from pipeline.reporting.verdict import DEFINITION, verdicts
from pipeline.scoring.outputs import answers, read_predictions, read_rows

CONTENTS = {
    "result": "Result",
    "tables": "Tables",
    "figures": "Figures",
    "audit": "Audit",
    "details": "Behind the tables",
    "regenerate": "Where it comes from",
}
COMMAND = "dvc exp run -S profile={profile}"
ARCHIVE = "FER2013_ARCHIVE=/path/to/fer2013.zip "
SEARCHED = " Each line is the best of its network's cells by validation accuracy."
FINAL = "# The chosen cells once more, on all training faces and without validation, so that the paper's lines can be compared:"
OPTIMISM = (
    "Accuracy in percent on the test faces. By validation: the cell with the highest accuracy on the validation faces, which stands in "
    "Tables 2 to 4 here. By test: the one with the highest accuracy on the test faces themselves, as the paper seems to have chosen. The "
    "difference is what such a choice adds to a table without any network being better; its mean is {mean:+.2f} points. One seed a cell."
)
SIGNIFICANCE = (
    "McNemar's exact test on the test faces that both rows were scored on, p adjusted for the number of pairs in the table (Holm). "
    "Rows are distinguishable where the adjusted p is below 0.05; it says nothing about repeated trainings."
)
FITTING = (
    "No row of Table 3 can be compared: its iterations are those of all 3,829 balanced faces, so that the stated fifth was not kept "
    "for testing. Rows on the split that they fit, balanced_leaky, stand beside Table 3 in the report of beyond/ (make beyond)."
)
AVERAGES = (
    "The paper does not say how it averaged. The 0.5-threshold counts only outputs above one half, over all faces, as Keras' "
    "Precision() and Recall() do. None of the three is known to be the paper's."
)


def read_tables(folder, rows):
    """Return {"history", "roc", "confusion", "predictions": {row: table}} of the rows in `folder`."""
    read = {name: {row: pd.read_csv(folder / row / f"{name}.csv") for row in rows} for name in ("history", "roc", "confusion")}
    predictions = {row: read_predictions(folder, row, metrics["settings"]["emotions"]) for row, metrics in rows.items()}
    return read | {"predictions": predictions}


def titled_tables(paper, rows, source, official_faces, note):
    """Return Tables 2, 3 and 4 and, where there are any, the other rows, as page.Titled."""
    made = [page.paper_table(n, tables.table(t, rows, source, official_faces), paper, note) for n, t in paper["tables"].items()]
    listed = {line["row"] for table in paper["tables"].values() for line in table["rows"]}
    others = tables.other_rows(rows, listed, source)
    return (
        made
        if others is None
        else [*made, page.Titled("other_rows", others, "Other rows, not in the paper", note, page.WORTH, page.BOLD, page.SHOWN)]
    )


def search_tables(folder, note):
    """Return what choosing by test faces is worth, and all cells, of a search, as two page.Titled; folder: choose's tables."""
    optimism, cells = (pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in ("optimism", "cells"))
    remark = OPTIMISM.format(mean=read_json(folder / "optimism.json")["mean_difference"])
    title = "What choosing by test faces is worth"
    return page.Titled("optimism", optimism, title, note, remark), page.Titled("cells", cells, "Every cell of the search", note)


def detail_tables(rows, predictions, note):
    """Return the tables behind Tables 2 to 4 as page.Titled."""
    if not rows:
        return []
    right = {name: answers(table, rows[name]["settings"]["emotions"])[1] for name, table in predictions.items()}
    made = []
    for split in SPLITS:
        chosen = {n: (predictions[n].face.to_numpy(), right[n]) for n, row in rows.items() if row["settings"]["data"] == split}
        pairs = compare(chosen)
        if pairs is not None:
            shown = pairs.assign(**{column: pairs[column].map("{:.2g}".format) for column in ("p", "Adjusted p")}).astype(str)
            made.append(page.Titled(f"significance_{split}", shown, f"Which differences are real: {split} faces", note, SIGNIFICANCE))
    made.append(page.Titled("averages", details.three_averages(rows), "Precision and recall, three ways", note, AVERAGES))
    made.append(page.Titled("per_class", details.per_class(rows), "Scores by emotion", note))
    seeds = details.seeds(rows)
    return made if seeds is None else [*made, page.Titled("seeds", seeds, "Repeated seeds", note)]


def in_order(paper, names):
    """Return names of rows: those of the paper's tables in its order, then the others sorted."""
    printed = [line["row"] for table in paper["tables"].values() for line in table["rows"]]
    return sorted(names, key=lambda name: (printed.index(name) if name in printed else len(printed), name))


def provenance(rows):
    """Return what made each row, as its training recorded it: name, settings, and (what, value) of its inputs, code and machine."""
    names = {"faces_sha256": "faces, SHA-256", "split_sha256": "split, SHA-256", "source_sha256": "code, SHA-256"}
    found = []
    for name, row in rows.items():
        made_by = [(said, row["made_by"][key] or "not recorded") for key, said in names.items()]
        machine = (row["made_by"]["machine"] or {}).items()
        made_by += [(key, " ".join(value) if isinstance(value, list) else value) for key, value in machine]
        found.append({"name": name, "settings": json.dumps(row["settings"], indent=2), "made_by": made_by})
    return found


def machines(rows):
    """Return the machines that trained the rows: {"machine": words, "rows": names} for each different one."""
    found = {}
    for name, row in rows.items():
        machine = row["made_by"]["machine"] or {}
        words = "; ".join(f"{key} {' '.join(value) if isinstance(value, list) else value}" for key, value in machine.items())
        found.setdefault(words or "not recorded", []).append(name)
    return [{"machine": words, "rows": names} for words, names in found.items()]


def main():
    """Read reports/rows, reports/audit and data/raw, or a search's chosen cells; write reports/, or grid/reports/."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_section(parser, ("rows", "grid"))
    section = parser.parse_args().section
    reports, searched = section.reports, section.name == "grid"
    params, paper, source = parameters.load(), read_paper(), read_json(RAW / "source.json")
    audit = read_json(AUDIT / "audit.json")
    labels = pd.read_csv(RAW / "labels.csv", usecols=["face", "emotion"], dtype={"emotion": str}, na_filter=False)
    listed = section.tabled.glob("*/") if searched else section.settings.glob("*.json")
    rows = read_rows(section.tabled, in_order(paper, [path.stem for path in listed]), section.settings)
    read = read_tables(section.tabled, rows)
    note, banner = page.note(source, params.profile), page.banner(source, params.profile) + (SEARCHED if searched else "")
    official_faces = paper["official_faces"] if params.splits.unbalanced == "official" else None
    main_tables = titled_tables(paper, rows, source, official_faces, note)
    behind = detail_tables(rows, read["predictions"], note)
    if searched:
        optimism, cells = search_tables(reports / "search", note)
        main_tables, behind = [optimism, *main_tables], [cells, *behind]
    found = verdicts(paper, rows, source, official_faces)
    first = overview(found, rows, read["predictions"])
    with written(reports / "tables") as folder:
        folder.mkdir()
        for table in (*main_tables, *behind):
            write_csv(folder / f"{table.name}.csv", table.frame)
            (folder / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
            (folder / f"{table.name}.tex").write_text(table.latex(), encoding="utf-8")
    data = {"labels": labels, "pixels": open_npy(RAW / "faces.npy"), "emotions": params.faces.emotions}
    data |= {"identical": pd.read_csv(AUDIT / "identical.csv"), "structure": read_structure()}
    with written(reports / "figures") as folder:
        folder.mkdir()
        drawn = draw(paper, rows, read, data, folder, note, params.report.dpi)
    with written(reports / "plots") as folder:
        folder.mkdir()
        for name in ("history", "roc", "confusion"):
            parts = [table.assign(row=row) for row, table in read[name].items()]
            write_csv(folder / f"{name}.csv", pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())
    with written(reports / "report.md") as path:
        path.write_text(page.page(main_tables, first["sentence"], banner, [f"{d['name']}.png" for d in drawn]), encoding="utf-8")
    command = COMMAND.format(profile=params.profile) + (f" {section.name}/dvc.yaml" if searched else "")
    command = ARCHIVE + command if source["source"] == "archive" else command
    if searched:
        command += f"\n\n{FINAL}\n{(reports / 'search' / 'final.txt').read_text(encoding='utf-8')}"
    context = {
        "paper_title": paper["title"], "banner": banner, "contents": list(CONTENTS.items()),
        "overview": first, "verdicts": found, "definition": DEFINITION, "fitting": FITTING, "synthetic": source["source"] == "synthetic",
        "tables": [t.for_page() for t in main_tables],
        "figures": [d | {"path": reports / "figures" / f"{d['name']}.svg"} for d in drawn], "audit": audit,
        "details": [t.for_page() for t in behind], "commands": command, "machines": machines(rows),
        "provenance": provenance(rows),
    }  # fmt: skip
    with written(reports / "index.html") as path:
        path.write_text(page.render(**context), encoding="utf-8")
    with written(reports / "model_card.md") as path:
        path.write_text(model_card(rows, read["history"], source, params.profile), encoding="utf-8")
    about = {"profile": params.profile, "source": source["source"], "synthetic_faces": source["source"] == "synthetic"}
    numbers = {name: tables.summary(row) for name, row in rows.items()}
    write_json(reports / "metrics.json", {"summary": tables.headline(rows), "data": about, "rows": numbers})
    print(f"The report: {(reports / 'index.html').resolve()}")


if __name__ == "__main__":
    run(main)
