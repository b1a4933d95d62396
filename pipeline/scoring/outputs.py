"""The files of one scored row, written and read: predictions, curves, confusion matrix and metrics."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.common.errors import InputError
from pipeline.common.files import read_json, write_csv, write_json
from pipeline.common.workspace import stage_of
from pipeline.config.scoring import Scoring
from pipeline.config.settings import Inputs, Settings
from pipeline.scoring import metrics

SUM_ERROR = 1e-3
EXPECTED = {
    "settings", "made_by", "tta", "faces", "first_losses", "confidence", "bootstrap", "accuracy", "chance", "macro", "interval", "parts"
}  # fmt: skip
ABOUT = ("face", "emotion", "duplicate", "usage")  # the columns before the probabilities


def score(labels, probabilities, duplicate, usage, evaluation, seed):
    """Return the scores of n test faces, their intervals, and the accuracy of parts of them.

    labels: (n,) int64; probabilities: (n, k) float32; duplicate: (n,) bool; usage: (n,) strings; evaluation: config.scoring.Evaluation.
    The parts are the faces without a duplicate in training, and those of each usage (PublicTest, PrivateTest).
    """
    scores = metrics.scores(labels, probabilities)
    scores["interval"] = metrics.bootstrap(labels, probabilities, evaluation.bootstrap, evaluation.confidence, seed)
    parts = {name: usage == name for name in sorted(set(usage) - {""})} | {"without_duplicates": ~duplicate}
    scores["parts"] = {name: _part(labels[chosen], probabilities[chosen], evaluation, seed) for name, chosen in parts.items()}
    return scores


def _part(labels, probabilities, evaluation, seed):
    if not len(labels):
        return {"faces": 0, "accuracy": None, "interval": None}
    interval = metrics.bootstrap(labels, probabilities, evaluation.bootstrap, evaluation.confidence, seed)["accuracy"]
    return {"faces": len(labels), "accuracy": float((probabilities.argmax(axis=1) == labels).mean()), "interval": interval}


def write_row(folder, predictions, emotions, about, scores):
    """Write a row's files into `folder`; predictions: face, emotion, duplicate, usage and a probability for each of `emotions`."""
    labels = predictions.emotion.map({emotion: index for index, emotion in enumerate(emotions)}).to_numpy()
    probabilities = predictions[emotions].to_numpy()
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    write_csv(folder / "roc.csv", metrics.roc_table(labels, probabilities, emotions))
    write_csv(folder / "confusion.csv", metrics.confusion_table(labels, probabilities, emotions))
    write_json(folder / "metrics.json", {"format": metrics.FORMAT} | about | scores)


def predictions_table(index, test, usage, probabilities, emotions):
    """Return the table that write_row takes; index: (n,) faces; test: their lines of a split; usage: (n,); probabilities: (n, k)."""
    about = pd.DataFrame({"face": index, "emotion": test.emotion.to_numpy(), "duplicate": test.duplicate.to_numpy(bool), "usage": usage})
    return pd.concat([about, pd.DataFrame(probabilities, columns=emotions)], axis=1)


def read_rows(folder, names, resolved):
    """Return {row: metrics of evaluate} for those of `names` that were run, in their order; raise InputError for a broken or stale one.

    resolved: the folder that stage resolve wrote, which says by what settings, faces and split each row is made today.
    """
    rows = {}
    for name in names:
        path = Path(folder) / name / "metrics.json"
        if path.exists():
            rows[name] = read_json(path)
            received = rows[name].get("format")
            if received != metrics.FORMAT:
                said = f"expected format {metrics.FORMAT}, received {received}, from another version"
                raise InputError(f"{path}: {said}; {_again(path, name)}")
            missing = EXPECTED - set(rows[name])
            if missing:
                raise InputError(f"{path}: expected {', '.join(sorted(missing))}, received none; {_again(path, name)}")
            other = _unlike_today(rows[name], Path(resolved))
            if other:
                said = f"expected a run of today's params and faces, received one with other {', '.join(other)}"
                raise InputError(f"{path}: {said}; {_again(path, name)}, or remove {path.parent}")
    return rows


def _unlike_today(row, resolved):
    # What of a row's metrics is not what resolve says of it now: names of settings, "split", "faces", "tta" and so on.
    name = row["settings"]["row"]
    today = Settings.read(resolved / f"{name}.json").model_dump()
    scoring, inputs = Scoring.read(resolved / "scoring" / f"{name}.json"), Inputs.read(resolved / "inputs" / f"{name}.json")
    made_by, evaluation = row["made_by"], scoring.evaluation
    same = {key: row["settings"].get(key) == value for key, value in today.items()} | {
        "faces": made_by["faces_sha256"] == inputs.faces_sha256,
        "split": made_by["split_sha256"] == inputs.split_sha256,
        "tta": row["tta"] == scoring.tta.model_dump(),
        "evaluation": (row["confidence"], row["bootstrap"]) == (evaluation.confidence, evaluation.bootstrap),
    }
    return [key for key, equal in same.items() if not equal]


def read_predictions(folder, row, emotions):
    """Return evaluate's predictions of a row, the columns ABOUT and a probability for each of `emotions`, or raise InputError."""
    path = Path(folder) / row / "predictions.parquet"
    try:
        table = pd.read_parquet(path)
    except FileNotFoundError:
        raise InputError(f"expected the file {path}, found none; {_again(path, row)}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a Parquet table, received: {error}; {_again(path, row)}") from None
    expected = [*ABOUT, *emotions]
    if list(table.columns) != expected:
        raise InputError(f"{path}: expected columns {', '.join(expected)}, received {', '.join(table.columns)}")
    sums = table[emotions].to_numpy(np.float64).sum(axis=1)
    wrong = np.flatnonzero(~(np.abs(sums - 1) < SUM_ERROR))
    if len(wrong):
        first = wrong[0]
        raise InputError(
            f"{path}: expected probabilities that sum to 1, received {sums[first]:.4f} for face {table.face[first]} (line {first}); "
            f"run `dvc repro --force {stage_of(path, f'evaluate@{row}')}`"
        )
    return table


def _again(path, row):
    return f"run `dvc repro {stage_of(path, f'evaluate@{row}')}`"


def answers(prediction, emotions):
    """Return (answers (n,) str, right (n,) bool, confidences (n,) float) of a table of predictions."""
    probabilities = prediction[emotions].to_numpy()
    answer = np.array(emotions)[probabilities.argmax(axis=1)]
    return answer, answer == prediction.emotion.to_numpy(), probabilities.max(axis=1)
