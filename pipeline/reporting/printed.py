"""What printed numbers allow: accuracies as k of n faces, rounded or cut, and what scores follow from other scores."""

from decimal import Decimal

import numpy as np

CENT = Decimal("0.01")
PERCENTAGES = 10_001  # with two digits: 0.00 to 100.00


def exact(value):
    """Return a printed number as a Decimal, free of binary rounding."""
    return Decimal(str(value))


def percent(count, total, rounding):
    """Return 100 count / total with two digits as a Decimal; rounding: ROUND_HALF_UP, or ROUND_DOWN for cut."""
    return (Decimal(100 * count) / Decimal(total)).quantize(CENT, rounding)


def is_possible(printed, faces, rounding):
    """Tell whether an accuracy printed in percent with two digits can be k of `faces` for some k."""
    near = int(exact(printed) * faces / 100)
    return any(percent(k, faces, rounding) == exact(printed) for k in range(max(0, near - 1), min(faces, near + 2) + 1))


def share_possible(faces, rounding):
    """Return the share of all two-digit percentages, 0.00 to 100.00, that are k of `faces` for some k."""
    return len({percent(k, faces, rounding) for k in range(faces + 1)}) / PERCENTAGES


def harmonic_mean(precision, recall):
    """Return equation 4 of the paper, percent, as a Decimal."""
    precision, recall = exact(precision), exact(recall)
    return 2 * precision * recall / (precision + recall)


def scores_of(counts):
    """Return {"accuracy", "macro": (precision, recall, f1), "weighted": the same} in percent of a confusion matrix, row = true."""
    counts = np.asarray(counts, float)
    right, true, answered = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = right / answered, right / true
    each = np.array([precision, recall, 2 * precision * recall / (precision + recall)])
    weighted = (each * true).sum(axis=1) / true.sum()
    return {"accuracy": 100 * right.sum() / true.sum(), "macro": tuple(100 * each.mean(axis=1)), "weighted": tuple(100 * weighted)}


def without(accuracy, faces, known):
    """Return the accuracy in percent on `faces` - `known` faces where `known` of `faces` are right for sure."""
    return (accuracy * faces - 100 * known) / (faces - known)
