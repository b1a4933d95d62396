"""Scores a trained row on every test face of its split, once."""

import shutil

import numpy as np

from pipeline import params as parameters
from pipeline.faces.names import TEST
from pipeline.faces.split_file import part, read_split
from pipeline.faces.table import read_labels
from pipeline.files import open_npy, read_json, written
from pipeline.results.row_files import predictions_table, score, write_row
from pipeline.training import backend
from pipeline.training.prediction import predict
from pipeline.training.settings import Settings
from pipeline.workspace import FACES, RGB, SPLIT_FILES


def evaluate_row(row, section):
    """Read a row's model, the faces and the split; write the row's files."""
    model = section.models / row
    evaluation = parameters.load().evaluation
    settings = Settings.read(model / "network.json")
    split = read_split(SPLIT_FILES / f"{settings.data}.csv", settings.emotions, settings.fold)
    test, (index, labels) = split[split.split == TEST], part(split, TEST)
    usage = read_labels(RGB / "labels.csv").usage.to_numpy()[index]
    backend.start(settings.seed, backend.chosen(settings.backend), settings.precision, settings.devices == "cpu")
    probabilities, parameter_count = predict(settings, model / "model.weights.h5", open_npy(FACES), index, evaluation.batch_size)
    about = {
        "settings": settings.model_dump(),
        "parameters": parameter_count,
        "faces": {name: len(part(split, name)[0]) for name in ("train", "validation", "test")},
        "early_loss": float(np.mean(read_json(model / "first_losses.json"))),
        "confidence": evaluation.confidence,
    }
    with written(section.rows / row) as folder:
        folder.mkdir()
        predictions = predictions_table(index, test, usage, probabilities, settings.emotions)
        scores = score(labels, probabilities, test.twin.to_numpy(bool), usage, evaluation, settings.seed)
        write_row(folder, predictions, settings.emotions, about, scores)
        shutil.copyfile(model / "history.csv", folder / "history.csv")
