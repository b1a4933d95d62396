"""Which differences in accuracy between rows can be told from chance (McNemar, 1947; Holm, 1979)."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import binomtest

LEVEL = 0.05  # of the adjusted p below which two rows are distinguishable


def mcnemar(first, second):
    """Return (only first right, only second right, exact two-sided p) of two rows on the same faces.

    first, second: (n,) bool, whether each face was answered rightly. Under equal accuracy the faces that only one row has
    right fall to either with probability 1/2.
    """
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    discordant = only_first + only_second
    return only_first, only_second, float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def holm(values):
    """Return p values adjusted for their number, (m,) float, by Holm's step-down method."""
    values = np.asarray(values, float)
    order = np.argsort(values, kind="stable")
    adjusted = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)).clip(max=1)
    return adjusted[np.argsort(order, kind="stable")]


def compare(answers):
    """Return a table of every two rows that were scored on the same faces, or None where there are none.

    answers: {row: (faces (n,) int64, right (n,) bool)}.
    """
    pairs = [
        (one, other, *mcnemar(answers[one][1], answers[other][1]))
        for one, other in combinations(answers, 2)
        if np.array_equal(answers[one][0], answers[other][0])
    ]
    if not pairs:
        return None
    table = pd.DataFrame(pairs, columns=["Row", "Other row", "Only row right", "Only other right", "p"])
    table["Adjusted p"] = holm(table.p)
    return table.assign(Distinguishable=np.where(table["Adjusted p"] < LEVEL, "yes", "no"))
