"""Stage audit: what the paper's numbers give away, and what the fetched faces hold, to reports/audit."""

from pipeline.common.errors import run
from pipeline.common.files import read_json, write_csv, write_json, written
from pipeline.common.workspace import AUDIT, RAW
from pipeline.config import params as parameters
from pipeline.dataset.labels import read_labels
from pipeline.faces import data_audit
from pipeline.reporting import paper_audit
from pipeline.reporting.paper import read_paper


def main():
    """Read data/raw and the paper's numbers; write reports/audit (audit.json, identical.csv)."""
    params, paper, source = parameters.load(), read_paper(), read_json(RAW / "source.json")
    labels = read_labels(RAW / "labels.csv")
    findings = paper_audit.audit(paper)
    data = data_audit.audit(labels, params.faces.emotions)
    with written(AUDIT) as folder:
        folder.mkdir(parents=True)
        about = {"source": source["source"], "origin": source["origin"]} | data
        write_json(folder / "audit.json", {"paper": findings, "unstated": paper["unstated"], "data": about})
        write_csv(folder / "identical.csv", data_audit.groups(labels))
    for finding in findings:
        print(f"{finding['verdict']:>14}  {finding['name']}: printed {finding['printed']}; {finding['follows']}")
    print(f"data: {data['faces']:,} faces, {data['distinct_pictures']:,} distinct pictures")
    print(f"data: {data['conflicting_groups']} groups of identical faces carry conflicting labels")
    print(f"data: {data['test_faces_with_a_duplicate_in_training']} of {data['test_faces']:,} test faces have a duplicate in training")


if __name__ == "__main__":
    run(main)
