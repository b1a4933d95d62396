"""The tables of rows that are not the paper's: what a leak is worth, and other networks and recipes. Strings, percent, two digits."""

import json

import pandas as pd
import yaml
from scipy.stats import binomtest

from pipeline.reporting.paper import PAPER
from pipeline.reporting.significance import mcnemar
from pipeline.reporting.tables import percent

PUBLISHED = PAPER.with_name("published.yaml")
UNBALANCED, LEAKY, HONEST = "unbalanced", "balanced_leaky", "balanced_official"


def interval(scores):
    """Return "accuracy (low to high)" of a part's or a row's scores, a gap where it has no faces."""
    if scores["accuracy"] is None:
        return ""
    low, high = scores["interval"]["accuracy"] if isinstance(scores["interval"], dict) else scores["interval"]
    return f"{percent(scores['accuracy'])} ({percent(low)} to {percent(high)})"


def share(right):
    """Return "share (low to high)" of right answers with Wilson's 95 % interval, a gap where there are none; right: (n,) bool."""
    if not len(right):
        return ""
    found = binomtest(int(right.sum()), len(right))
    low, high = found.proportion_ci(method="wilson")
    return f"{percent(found.statistic)} ({percent(low)} to {percent(high)})"


def accuracies(name, row):
    """Return the cells of a row or an ensemble: accuracy on all test faces and on each part of them, with its interval."""
    parts = row["parts"]
    cells = {"Row": name, "Test faces": str(row["faces"]["test"]), "Accuracy": interval(row)}
    cells |= {part: _part(row, part) for part in ("PublicTest", "PrivateTest")}
    return cells | {"Without duplicates": interval(parts["without_duplicates"]), "Parameters": f"{row['parameters']:,}"}


def all_rows(rows, ensembles):
    """Return the table of all rows and ensembles; rows, ensembles: {name: metrics}."""
    lines = []
    for name, row in rows.items():
        settings = row["settings"]
        about = {"Network": settings["model"], "Data": settings["data"], "Epochs": str(settings["epochs"]), "Seed": str(settings["seed"])}
        lines.append(accuracies(name, row) | about)
    for name, row in ensembles.items():
        about = {"Network": f"mean of {', '.join(row['members'])}", "Data": "", "Epochs": "", "Seed": ""}
        lines.append(accuracies(name, row) | about)
    return pd.DataFrame(lines)


def read_published():
    """Return published.yaml: what others published, a list of lines."""
    return yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))


def beside(rows, ensembles, paper, published):
    """Return accuracies of ours on the official test faces, the paper's Table 2 and what others published, one under the other.

    rows, ensembles: {name: metrics}; paper: paper.yaml; published: published.yaml.
    """
    ours = {name: row for name, row in rows.items() if row["settings"]["data"] == UNBALANCED}
    ours |= {name: row for name, row in ensembles.items() if set(row["members"]) <= set(ours)}
    both = "PublicTest and PrivateTest"
    lines = [{"Whose": "ours", "What": name, both: interval(row), "PrivateTest": _part(row, "PrivateTest")} for name, row in ours.items()]
    for line in paper["tables"]["table2"]["rows"]:
        lines.append({"Whose": "the paper, Table 2", "What": line["model"], both: f"{line['accuracy']:.2f}"})
    for line in published:
        about = {"Whose": line["who"], "What": line["what"], "Source": line["source"]}
        private = line["faces"] == "PrivateTest"
        score = {"PrivateTest": line["accuracy"]} if private else {"Remark": f"{line['accuracy']} on {line['faces']}"}
        lines.append(about | ({"Remark": line["remark"]} if "remark" in line else {}) | score)
    return pd.DataFrame(lines, columns=["Whose", "What", both, "PrivateTest", "Remark", "Source"]).fillna("")


def on_fitting_split(verdicts):
    """Return the lines of the paper that rows on a leaky split stand beside, or None; verdicts: of verdict.leaky_verdicts."""
    lines = [
        {
            "Paper's table": v["table"].removeprefix("table"),
            "Row": v["row"],
            "Network": v["model"],
            "Paper's accuracy": f"{v['paper']:.2f}",
            "Ours": f"{v['ours']:.2f} ({v['low']:.2f} to {v['high']:.2f})",
            "Test faces": str(v["n"]),
            "Seeds": str(v["seeds"]),
            "Verdict": v["verdict"] + (f": other {', '.join(v['reasons'])}" if v["reasons"] else ""),
        }
        for v in verdicts
    ]
    return pd.DataFrame(lines) if lines else None


def _part(row, part):
    return interval(row["parts"][part]) if part in row["parts"] else ""


def leaks(rows, right, seen):
    """Return what training on test faces is worth: a line for each two rows that differ in balanced_leaky and balanced_official only.

    rows: {row: metrics}; right, seen: {row: (n,) bool}, whether each test face, in the split's order, was answered rightly, and whether it
    or an identical one is among the row's training faces. Both splits have the same test faces. None where there is no such pair.
    """

    def key(row):
        return json.dumps([{k: v for k, v in row["settings"].items() if k not in ("row", "data")}, row["tta"]], sort_keys=True)

    lines = []
    for honest in (name for name, row in rows.items() if row["settings"]["data"] == HONEST):
        for leaky in (name for name, row in rows.items() if row["settings"]["data"] == LEAKY and key(row) == key(rows[honest])):
            one, other = rows[honest], rows[leaky]
            settings = one["settings"]
            lines.append(
                {
                    "Network": settings["model"],
                    "Epochs": str(settings["epochs"]),
                    "Test faces": str(one["faces"]["test"]),
                    "Honest accuracy": interval(one),
                    "Leaked accuracy": interval(other),
                    "Difference": f"{100 * (other['accuracy'] - one['accuracy']):+.2f}",
                    "McNemar's p": f"{mcnemar(right[leaky], right[honest])[2]:.2g}",
                    "Test faces seen in training": str(seen[leaky].sum()),
                    "Honest accuracy on those": share(right[honest][seen[leaky]]),
                    "Leaked accuracy on those": share(right[leaky][seen[leaky]]),
                    "Honest accuracy on the others": share(right[honest][~seen[leaky]]),
                    "Leaked accuracy on the others": share(right[leaky][~seen[leaky]]),
                    "Honest training faces": str(one["faces"]["train"]),
                    "Leaked training faces": str(other["faces"]["train"]),
                }
            )
    return pd.DataFrame(lines) if lines else None
