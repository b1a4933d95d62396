"""The tables behind Tables 2 to 4: scores by emotion, three averages, repeated seeds. Strings, percent, two digits."""

import numpy as np
import pandas as pd

from pipeline.reporting.tables import percent
from pipeline.reporting.verdict import same_but_seed

AVERAGES = {"thresholded": "0.5-threshold (Keras)", "macro": "macro", "weighted": "weighted"}
SCORES = ("precision", "recall", "f1")


def cell(share):
    """Return a share of 1 as percent, a gap for None."""
    return "" if share is None else percent(share)


def per_class(rows):
    """Return precision, recall, F1 and support of every emotion in every row."""
    lines = []
    for name, row in rows.items():
        for emotion, scores in zip(row["settings"]["emotions"], row["per_class"], strict=True):
            values = {score.capitalize(): cell(scores[score]) for score in SCORES}
            lines.append({"Row": name, "Emotion": emotion} | values | {"Support": str(scores["support"])})
    return pd.DataFrame(lines)


def three_averages(rows):
    """Return precision, recall and F1 of every row in the three ways that the paper leaves open."""
    lines = []
    for name, row in rows.items():
        cells = {f"{score.capitalize()}, {label}": cell(row[key][score]) for key, label in AVERAGES.items() for score in SCORES}
        lines.append({"Row": name} | cells)
    return pd.DataFrame(lines)


def seeds(rows):
    """Return mean, standard deviation and n of the accuracy of rows that differ in their seed only; None where no seed was repeated."""
    lines = []
    for first in rows:
        names = same_but_seed(rows, first)
        if len(names) > 1 and names[0] == first:
            accuracies = np.array([rows[name]["accuracy"] for name in names])
            mean, deviation = percent(accuracies.mean()), percent(accuracies.std(ddof=1))
            lines.append({"Rows": ", ".join(names), "Mean accuracy": mean, "Deviation": deviation, "n": str(len(names))})
    return pd.DataFrame(lines) if lines else None
