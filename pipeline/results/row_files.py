"""The files of one scored row: predictions, curves, confusion matrix and metrics."""

import pandas as pd

from pipeline.files import write_csv, write_json
from pipeline.results import metrics


def score(labels, probabilities, twin, usage, evaluation, seed):
    """Return the scores of n test faces, their intervals, and the accuracy of parts of them.

    labels: (n,) int64; probabilities: (n, k) float32; twin: (n,) bool; usage: (n,) strings; evaluation: params.Evaluation.
    The parts are the faces without a twin in training, and those of each usage (PublicTest, PrivateTest).
    """
    scores = metrics.scores(labels, probabilities)
    scores["interval"] = metrics.bootstrap(labels, probabilities, evaluation.bootstrap, evaluation.confidence, seed)
    parts = {name: usage == name for name in sorted(set(usage) - {""})} | {"without_twins": ~twin}
    scores["parts"] = {name: _part(labels[chosen], probabilities[chosen], evaluation, seed) for name, chosen in parts.items()}
    return scores


def _part(labels, probabilities, evaluation, seed):
    if not len(labels):
        return {"faces": 0, "accuracy": None, "interval": None}
    interval = metrics.bootstrap(labels, probabilities, evaluation.bootstrap, evaluation.confidence, seed)["accuracy"]
    return {"faces": len(labels), "accuracy": float((probabilities.argmax(axis=1) == labels).mean()), "interval": interval}


def write_row(folder, predictions, emotions, about, scores):
    """Write a row's files into `folder`; predictions: face, emotion, twin, usage and a probability for each of `emotions`."""
    labels = predictions.emotion.map({emotion: index for index, emotion in enumerate(emotions)}).to_numpy()
    probabilities = predictions[emotions].to_numpy()
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    write_csv(folder / "roc.csv", metrics.roc_table(labels, probabilities, emotions))
    write_csv(folder / "confusion.csv", metrics.confusion_table(labels, probabilities, emotions))
    write_json(folder / "metrics.json", {"format": metrics.FORMAT} | about | scores)


def predictions_table(index, test, usage, probabilities, emotions):
    """Return the table that write_row takes; index: (n,) faces; test: their lines of a split; usage: (n,); probabilities: (n, k)."""
    about = pd.DataFrame({"face": index, "emotion": test.emotion.to_numpy(), "twin": test.twin.to_numpy(bool), "usage": usage})
    return pd.concat([about, pd.DataFrame(probabilities, columns=emotions)], axis=1)
