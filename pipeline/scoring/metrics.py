"""Scores of one row from its test faces' probabilities (the paper's section 3.3). In every confusion matrix row = true."""

import numpy as np
import pandas as pd
from sklearn import metrics

FORMAT = 6  # of metrics.json: what reads it refuses another
THRESHOLD = 0.5  # Keras' Precision() and Recall() count an output above it as an answer


def scores(labels, probabilities):
    """Return {"accuracy", "chance", "macro", "weighted", "thresholded", "per_class", "auc"} of n test faces.

    labels: (n,) int in [0, k); probabilities: (n, k) float. Precision without a positive answer is 0, and counts as that in the
    averages; AUC without both classes is None. Equations 1 to 4 of the paper, averaged in the three ways that it leaves open.
    """
    classes = np.arange(probabilities.shape[1])
    answers = probabilities.argmax(axis=1)
    # Chance is the accuracy of always giving the commonest answer: more than 1 / k where the classes are unbalanced.
    result = {"accuracy": float((answers == labels).mean()), "chance": float(np.bincount(labels).max() / len(labels))}
    for average in ("macro", "weighted"):
        result[average] = _named(metrics.precision_recall_fscore_support(labels, answers, labels=classes, average=average, zero_division=0))
    result["thresholded"] = thresholded(labels, probabilities)
    each = metrics.precision_recall_fscore_support(labels, answers, labels=classes, average=None, zero_division=0)
    result["per_class"] = [_named(values) | {"support": int(values[3])} for values in zip(*each, strict=True)]
    result["auc"] = [area for _, _, area in roc_curves(labels, probabilities)]
    return result


def _named(values):
    return dict(zip(("precision", "recall", "f1"), map(float, values[:3]), strict=True))


def thresholded(labels, probabilities):
    """Return precision, recall and F1 of all outputs above 0.5, micro-averaged, as Keras' metrics on a softmax count them.

    A face without an output above 0.5 counts as a miss and as no answer; hence recall <= accuracy. Precision without any is 0.
    """
    above = probabilities > THRESHOLD
    hits = int(above[np.arange(len(labels)), labels].sum())
    precision = hits / int(above.sum()) if above.any() else 0.0
    recall = hits / len(labels)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall) if hits else 0.0}


def roc_curves(labels, probabilities):
    """Return [(false positive rates, true positive rates, area)] of each class against the rest; None where one side is empty."""
    curves = []
    for index in range(probabilities.shape[1]):
        positive = labels == index
        if positive.all() or not positive.any():
            curves.append((None, None, None))
            continue
        false, true, _ = metrics.roc_curve(positive, probabilities[:, index])
        curves.append((false, true, float(metrics.auc(false, true))))
    return curves


def macro_roc(labels, probabilities, points=101):
    """Return (false positive rates, mean true positive rates), (points,) each: the one-vs-rest curves averaged."""
    grid = np.linspace(0, 1, points)
    curves = [np.interp(grid, false, true) for false, true, _ in roc_curves(labels, probabilities) if false is not None]
    return grid, np.concatenate([[0.0], np.mean(curves, axis=0)[1:]])


def bootstrap(labels, probabilities, resamples, confidence, seed):
    """Return {metric: [low, high]} for accuracy and the macro averages: percentile intervals over resampled test faces.

    The interval covers the sampling of test faces, not the chance in training. Confusion matrices are drawn, not
    faces: resampling n faces with replacement is a multinomial draw over the matrix's cells.
    """
    classes = probabilities.shape[1]
    matrix = metrics.confusion_matrix(labels, probabilities.argmax(axis=1), labels=np.arange(classes))
    random = np.random.Generator(np.random.PCG64(seed))
    drawn = random.multinomial(matrix.sum(), matrix.ravel() / matrix.sum(), resamples).reshape(-1, classes, classes)
    hits = np.diagonal(drawn, axis1=1, axis2=2)
    true, answered = drawn.sum(axis=2), drawn.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = np.nan_to_num(hits / answered), np.nan_to_num(hits / true)
        f1 = np.nan_to_num(2 * hits / (answered + true))
    samples = {
        "accuracy": hits.sum(axis=1) / matrix.sum(),
        "precision": precision.mean(axis=1),
        "recall": recall.mean(axis=1),
        "f1": f1.mean(axis=1),
    }
    tail = 50 * (1 - confidence)
    return {name: np.percentile(values, [tail, 100 - tail]).tolist() for name, values in samples.items()}


def roc_table(labels, probabilities, emotions, points=101):
    """Return the ROC curves as a table (emotion, false_positive_rate, true_positive_rate) at `points` even rates."""
    grid = np.linspace(0, 1, points)
    parts = [
        pd.DataFrame({"emotion": emotion, "false_positive_rate": grid, "true_positive_rate": np.interp(grid, false, true)})
        for emotion, (false, true, _) in zip(emotions, roc_curves(labels, probabilities), strict=True)
        if false is not None
    ]
    macro = pd.DataFrame(dict(zip(("false_positive_rate", "true_positive_rate"), macro_roc(labels, probabilities, points), strict=True)))
    return pd.concat([*parts, macro.assign(emotion="macro average")], ignore_index=True)


def confusion_table(labels, probabilities, emotions):
    """Return the confusion matrix as a table (actual, predicted, faces), row = true."""
    matrix = metrics.confusion_matrix(labels, probabilities.argmax(axis=1), labels=np.arange(len(emotions)))
    cells = [(a, p, int(matrix[i, j])) for i, a in enumerate(emotions) for j, p in enumerate(emotions)]
    return pd.DataFrame(cells, columns=["actual", "predicted", "faces"])
