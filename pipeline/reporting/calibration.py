"""How far a row's confidence is from its accuracy (Guo et al., 2017)."""

import numpy as np

BINS = 15


def reliability(right, confidence):
    """Return (confidence, accuracy, share) of each of BINS equal bins that holds faces, three float arrays.

    right: (n,) bool; confidence: (n,) float, the probability of the answer.
    """
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    count = np.bincount(number, minlength=BINS)
    held = count > 0
    mean = [np.bincount(number, weights, BINS)[held] / count[held] for weights in (confidence, right.astype(float))]
    return *mean, count[held] / len(right)


def expected_calibration_error(right, confidence):
    """Return the mean distance of confidence and accuracy over the bins, weighted by their faces, in [0, 1]."""
    sure, accurate, share = reliability(right, confidence)
    return float((np.abs(sure - accurate) * share).sum())
