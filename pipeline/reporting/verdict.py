"""Which lines of the paper a run reproduces, and how that is decided."""

import json

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student_t

from pipeline.reporting.paper import unlike_paper

REPRODUCES, DIFFERS, NOT_COMPARABLE, NOT_RUN = "reproduces", "differs", "not comparable", "not run"
DEFINITION = (
    "A row reproduces if the paper's accuracy lies in our interval. With one seed that is the bootstrap interval over test faces. With k "
    "seeds it is their mean plus or minus t times the root of s^2 (1 + 1/k) + e^2: s is the deviation between seeds, e the standard error "
    "over test faces, t the quantile of Student's distribution with k - 1 degrees of freedom. A row is compared only where source, split, "
    "network, pretraining, epochs, optimizer, batch size, image size and recipe are the paper's."
)


def same_but_seed(rows, name):
    """Return the names of the rows whose settings differ from those of `name` in the seed at most, itself included."""

    def key(row):
        return json.dumps([{k: v for k, v in row["settings"].items() if k not in ("row", "seed")}, row["tta"]], sort_keys=True)

    return [other for other in rows if key(rows[other]) == key(rows[name])]


def interval(rows, name):
    """Return (accuracy, low, high, seeds) of a row as DEFINITION says, shares of 1."""
    row, names = rows[name], same_but_seed(rows, name)
    low, high = row["interval"]["accuracy"]
    if len(names) == 1:
        return row["accuracy"], low, high, 1
    accuracies = np.array([rows[other]["accuracy"] for other in names])
    error = (high - low) / 2 / norm.isf((1 - row["confidence"]) / 2)
    quantile = student_t.isf((1 - row["confidence"]) / 2, len(names) - 1)
    width = quantile * np.sqrt(accuracies.var(ddof=1) * (1 + 1 / len(names)) + error**2)
    mean = float(accuracies.mean())
    return mean, max(0.0, mean - width), min(1.0, mean + width), len(names)


def leaky_verdicts(paper, rows, source, official_faces):
    """Return a verdict, as verdicts() does, for each of `rows` on a split that a table's numbers fit though its text states another.

    rows: {row: metrics}, rows that are not the paper's; matched to the table's line by network. [] where there is none.
    """
    found = []
    for name, table in paper["tables"].items():
        for row in (row for row in rows if "fits" in table and rows[row]["settings"]["data"] == table["fits"]):
            network = rows[row]["settings"]["model"].lower()
            for line in (line for line in table["rows"] if line["row"] and line["model"].lower() == network):
                found.append(judge(name, row, line, rows, table["fits"], source, official_faces))
    return found


def judge(table, row, line, rows, data, source, official_faces):
    """Return the verdict on a line of the paper by a row that was run; see verdicts()."""
    ours, low, high, seeds = interval(rows, row)
    reasons = unlike_paper(rows[row], line, data, source, official_faces)
    within = 100 * low <= line["accuracy"] <= 100 * high
    about = {"ours": 100 * ours, "low": 100 * low, "high": 100 * high, "n": rows[row]["faces"]["test"], "seeds": seeds}
    verdict = NOT_COMPARABLE if reasons else REPRODUCES if within else DIFFERS
    return _of_line(table, line) | about | {"row": row, "reasons": reasons, "verdict": verdict}


def _of_line(table, line):
    about = {"table": table, "row": line["row"], "model": line["model"], "paper": line["accuracy"], "optimizer": line["optimizer"]}
    return about | {"ours": None, "low": None, "high": None, "n": None, "seeds": 0, "reasons": [], "verdict": NOT_RUN}


def verdicts(paper, rows, source, official_faces):
    """Return a verdict on every own line of the paper: table, row, model, paper's and our accuracy, interval, verdict, reasons.

    Accuracies in percent; ours are None where the row was not run. See unlike_paper for source and official_faces.
    """
    found = []
    for name, table in paper["tables"].items():
        for line in table["rows"]:
            if line["row"] in rows:
                found.append(judge(name, line["row"], line, rows, table["data"], source, official_faces))
            elif line["row"] is not None:
                found.append(_of_line(name, line))
    return found
