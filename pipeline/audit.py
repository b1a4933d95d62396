"""Stage audit: what the paper's numbers give away, and what the fetched faces hold, to reports/audit."""

import pandas as pd

from pipeline.common.errors import run, take_no_arguments
from pipeline.common.files import read_json, write_csv, write_json, written
from pipeline.common.workspace import AUDIT, RAW
from pipeline.config import params as parameters
from pipeline.dataset.arrays import open_npy
from pipeline.dataset.labels import read_labels
from pipeline.faces import data_audit
from pipeline.faces.seen import listed
from pipeline.reporting import paper_audit
from pipeline.reporting.paper import read_paper


def with_names(table, *columns):
    """Return a table of faces with the names that data/raw/labels.csv gives those of each column, say name and training_name."""
    names = pd.read_csv(RAW / "labels.csv", usecols=["name"], dtype=str, na_filter=False).name if len(table) else pd.Series(dtype=str)
    return table.assign(**{column.replace("face", "name"): names.reindex(table[column]).to_numpy() for column in columns})


def main():
    """Read data/raw and the paper's numbers; write reports/audit (audit.json, identical.csv, blank.csv, mirrored.csv)."""
    params, paper, source = parameters.load(), read_paper(), read_json(RAW / "source.json")
    labels, pixels = read_labels(RAW / "labels.csv"), open_npy(RAW / "faces.npy")
    findings = paper_audit.audit(paper)
    data = data_audit.audit(labels, params.faces.emotions)
    blank = with_names(data_audit.blank(labels, pixels)[["face", "emotion", "usage"]], "face")
    mirrored = with_names(data_audit.mirrored(labels, pixels), "face", "training_face")
    data |= {"blank_faces": len(blank), "test_faces_with_a_mirrored_copy_in_training": len(mirrored)}
    with written(AUDIT) as folder:
        folder.mkdir(parents=True)
        about = {"source": source["source"], "origin": source["origin"]} | data
        write_json(folder / "audit.json", {"paper": findings, "unstated": paper["unstated"], "data": about})
        for name, table in (("identical", data_audit.groups(labels)), ("blank", blank), ("mirrored", mirrored)):
            write_csv(folder / f"{name}.csv", table)
    for finding in findings:
        print(f"{finding['verdict']:>14}  {finding['name']}: printed {finding['printed']}; {finding['follows']}")
    print(f"data: {data['faces']:,} faces, {data['distinct_pictures']:,} distinct pictures")
    print(f"data: {data['conflicting_groups']} groups of identical faces carry conflicting labels")
    print(f"data: {data['test_faces_with_a_duplicate_in_training']} of {data['test_faces']:,} test faces have a duplicate in training")
    for what, table in (("test faces have a mirrored copy in training", mirrored), ("faces are blank", blank)):
        names = f": {listed(table['name'])}" if len(table) else ""
        print(f"data: {len(table)} {what}{names}")


if __name__ == "__main__":
    take_no_arguments(__doc__)
    run(main)
