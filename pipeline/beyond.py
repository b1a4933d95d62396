"""Stage report of beyond/dvc.yaml: the rows that are not the paper's, to tables and one page in beyond/reports."""

from pipeline.common.errors import run, take_no_arguments
from pipeline.common.files import read_json, write_csv, write_json, written
from pipeline.common.workspace import RAW, Section
from pipeline.config import params as parameters
from pipeline.reporting import beyond_tables, details, page
from pipeline.reporting.paper import read_paper
from pipeline.reporting.tables import headline, summary
from pipeline.reporting.verdict import DEFINITION, leaky_verdicts
from pipeline.scoring.outputs import answers, read_predictions, read_rows

BEYOND = Section("beyond")
WORTH = (
    "Accuracy in percent with its interval over test faces (bootstrap; repeated trainings are not in it). Without duplicates leaves out "
    "test faces with an identical picture in training."
)
LEAK = (
    "Both rows of a line are tested on the same official test faces. The leaked one is trained on the balanced faces of both parts, as the "
    "paper's Table 3 seems to have been; the honest one on balanced faces of the training part alone, which are fewer: the difference "
    "holds both. Seen in training: the test face itself, or an identical one, is among the leaked row's training faces; the intervals on "
    "those and on the others are Wilson's. McNemar's exact test compares the two rows face by face."
)
FITTING = (
    "The iterations that Table 3 prints are those of all 3,829 balanced faces, on which its networks were then trained. The split "
    "balanced_leaky is that, tested on the official test faces, of which hundreds stand in training. A row that reproduces a line here "
    f"repeats its leak. {DEFINITION}"
)
BESIDE = (
    "Ours and the paper's on the 7,178 official test faces (PublicTest and PrivateTest together), those of others on what they say, mostly "
    "the 3,589 of PrivateTest alone, as they print them: read, not run here. The paper's networks start from ImageNet weights."
)


def comparable(source, params):
    """Tell whether accuracies are of the test faces that the paper and others mean; source: source.json."""
    return source["source"] != "synthetic" and bool(source["expected_counts_met"]) and params.splits.unbalanced == "official"


def tables(rows, ensembles, right, seen, note, published=None, leaky=()):
    """Return the tables of the page as page.Titled.

    right, seen: as of leaks(); published: lines of published.yaml to stand beside ours; leaky: of verdict.leaky_verdicts.
    """
    made = [page.Titled("rows", beyond_tables.all_rows(rows, ensembles), "Beyond the paper: all rows", note, WORTH)]
    if published:
        frame = beyond_tables.beside(rows, ensembles, read_paper(), published)
        made.append(page.Titled("published", frame, "Beside the paper and what others published", note, BESIDE))
    leaks, seeds = beyond_tables.leaks(rows, right, seen), details.seeds(rows)
    fitting = beyond_tables.on_fitting_split(leaky)
    if fitting is not None:
        made.append(page.Titled("fitting", fitting, "Table 3 on the split that its numbers fit, which leaks", note, FITTING))
    if leaks is not None:
        made.append(page.Titled("leak", leaks, "What testing on training faces is worth", note, f"{WORTH} {LEAK}"))
    if seeds is not None:
        made.append(page.Titled("seeds", seeds, "Repeated seeds", note))
    return made


def main():
    """Read beyond/reports/rows and ensembles; write the tables, report.md and metrics.json beside them."""
    params, source = parameters.load(), read_json(RAW / "source.json")
    rows = read_rows(BEYOND.rows, params.beyond, BEYOND.settings)
    ensembles = {name: read_json(BEYOND.reports / "ensembles" / name / "metrics.json") for name in params.ensembles}
    emotions = params.faces.emotions
    predictions = {name: read_predictions(BEYOND.rows, name, emotions) for name in rows}
    right = {name: answers(prediction, emotions)[1] for name, prediction in predictions.items()}
    seen = {name: prediction.duplicate.to_numpy(bool) for name, prediction in predictions.items()}
    published = beyond_tables.read_published() if comparable(source, params) else None
    paper = read_paper()
    official_faces = paper["official_faces"] if params.splits.unbalanced == "official" else None
    leaky = leaky_verdicts(paper, rows, source, official_faces)
    made = tables(rows, ensembles, right, seen, page.note(source, params.profile), published, leaky)
    with written(BEYOND.reports / "tables") as folder:
        folder.mkdir()
        for table in made:
            write_csv(folder / f"{table.name}.csv", table.frame)
            (folder / f"{table.name}.tex").write_text(table.latex(), encoding="utf-8")
    parts = ["# Beyond the paper", f"> **{page.banner(source, params.profile)}**", *(table.markdown() for table in made)]
    with written(BEYOND.reports / "report.md") as path:
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    about = {"profile": params.profile, "source": source["source"], "synthetic_faces": source["source"] == "synthetic"}
    numbers = {name: summary(row) for name, row in rows.items()}
    write_json(BEYOND.reports / "metrics.json", {"summary": headline(rows), "data": about, "rows": numbers})
    print(f"The report: {(BEYOND.reports / 'report.md').resolve()}")


if __name__ == "__main__":
    take_no_arguments(__doc__)
    run(main)
