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


def verdicts(paper, rows, source, official_faces):
    """Return a verdict on every own line of the paper: table, row, model, paper's and our accuracy, interval, verdict, reasons.

    Accuracies in percent; ours are None where the row was not run. See unlike_paper for source and official_faces.
    """
    found = []
    for name, table in paper["tables"].items():
        for line in table["rows"]:
            if line["row"] is None:
                continue
            about = {"table": name, "row": line["row"], "model": line["model"], "paper": line["accuracy"], "reasons": []}
            about |= {"optimizer": line["optimizer"], "ours": None, "low": None, "high": None, "n": None, "seeds": 0, "verdict": NOT_RUN}
            if line["row"] in rows:
                row = rows[line["row"]]
                ours, low, high, seeds = interval(rows, line["row"])
                about |= {"ours": 100 * ours, "low": 100 * low, "high": 100 * high, "n": row["faces"]["test"], "seeds": seeds}
                about["reasons"] = unlike_paper(row, line, table["data"], source, official_faces)
                within = about["low"] <= line["accuracy"] <= about["high"]
                about["verdict"] = NOT_COMPARABLE if about["reasons"] else REPRODUCES if within else DIFFERS
            found.append(about)
    return found
