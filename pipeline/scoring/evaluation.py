"""Scores a trained row on every test face of its split, once."""

import csv
import shutil

import numpy as np

from pipeline.common.files import read_json, written
from pipeline.common.workspace import FACES, RGB, SPLIT_FILES
from pipeline.config.scoring import Scoring
from pipeline.config.settings import Trained
from pipeline.dataset.arrays import open_npy
from pipeline.dataset.labels import read_labels
from pipeline.dataset.names import TEST
from pipeline.dataset.split_file import part, read_split
from pipeline.scoring.outputs import predictions_table, score, write_row
from pipeline.scoring.prediction import predict
from pipeline.training import backend

DRAWN = "synthetic-"  # begins the names that faces/synthetic.py gives


def evaluate_row(row, section):
    """Read a row's model, the faces and the split; write the row's files."""
    model = section.models / row
    trained = Trained.read(model / "network.json")
    scoring = Scoring.read(section.settings / "scoring" / f"{row}.json")
    tta, evaluation = scoring.tta, scoring.evaluation
    settings = trained.settings.model_copy(update={"backend": backend.chosen(trained.settings.backend)})
    split = read_split(SPLIT_FILES / f"{settings.data}.csv", settings.emotions, settings.fold)
    test, (index, labels) = split[split.split == TEST], part(split, TEST)
    usage = read_labels(RGB / "labels.csv").usage.to_numpy()[index]
    backend.start_for(settings)
    probabilities, parameter_count = predict(settings, tta, model / "model.weights.h5", open_npy(FACES), index, evaluation.batch_size)
    about = {
        "settings": trained.settings.model_dump(),
        "tta": tta.model_dump(),
        "made_by": trained.model_dump(exclude={"settings"}),
        "parameters": parameter_count,
        "faces": {name: len(part(split, name)[0]) for name in ("train", "validation", "test")},
        "first_losses": read_json(model / "first_losses.json"),
        "confidence": evaluation.confidence,
        "bootstrap": evaluation.bootstrap,
    }
    with written(section.rows / row) as folder:
        folder.mkdir()
        predictions = predictions_table(index, test, usage, probabilities, settings.emotions)
        scores = score(labels, probabilities, test.duplicate.to_numpy(bool), usage, evaluation, settings.seed)
        write_row(folder, predictions, settings.emotions, about, scores)
        shutil.copyfile(model / "history.csv", folder / "history.csv")
    print(summary_of(row, settings.model, scores, len(labels), drawn(RGB / "labels.csv")))
    warning = warning_of(scores, probabilities, settings.emotions)
    if warning:
        print(f"warning: {row} {warning}")


def summary_of(row, model, scores, count, synthetic):
    """Return a row's score in one line, beside chance; scores: as outputs.score gives them; synthetic: whether the faces are drawn."""
    accuracy, chance, low, high = (100 * value for value in (scores["accuracy"], scores["chance"], *scores["interval"]["accuracy"]))
    faces = f"{count:,} {'synthetic ' if synthetic else ''}test faces"
    return f"{row} ({model}): {accuracy:.2f} % ({low:.2f} to {high:.2f}) of {faces}; the commonest emotion given to all: {chance:.2f} %"


def drawn(path):
    """Tell by the first name in labels.csv whether the faces are the pipeline's own drawings."""
    with open(path, newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))["name"].startswith(DRAWN)


def warning_of(scores, probabilities, emotions):
    """Return what makes a row's score worth nothing, "" where nothing does: one answer to all faces, or an interval that reaches chance.

    scores: as outputs.score gives them; probabilities: (n, emotions), of its test faces.
    """
    given, faces = np.unique(probabilities.argmax(axis=1)), f"all {len(probabilities):,} test faces"
    if len(given) == 1:
        return f"answers {emotions[given[0]]} to {faces}: it tells nothing apart"
    if scores["interval"]["accuracy"][0] <= scores["chance"]:
        return f"stands at chance: its accuracy's interval reaches that of the commonest emotion given to {faces}"
    return ""
