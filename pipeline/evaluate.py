"""Stage evaluate@row: every test face of the row's split once, to <section>/reports/rows/<row> (predictions, metrics, curves)."""

import argparse
import shutil

import numpy as np
from scipy.special import softmax

from pipeline import params as parameters
from pipeline.errors import InputError, run
from pipeline.faces.names import TEST
from pipeline.faces.split_file import part, read_split
from pipeline.faces.table import read_labels
from pipeline.files import open_npy, read_json, written
from pipeline.progress import Bar
from pipeline.results.row_files import predictions_table, score, write_row
from pipeline.training import backend
from pipeline.training.augmentation import views_of
from pipeline.training.batches import batches
from pipeline.training.settings import Settings
from pipeline.workspace import FACES, RGB, SPLIT_FILES, add_section


def predict(settings, weights, pixels, index, batch_size):
    """Return (probabilities (n, emotions) float32, parameters) of the faces at `index` under the weights file.

    With the recipe's views a face's probabilities are the mean over its views.
    """
    from pipeline.networks.classifier import build
    from pipeline.training.steps import make_steps

    model = build(settings.model_copy(update={"weights": None}))
    model.load_weights(weights)
    steps = make_steps(model)
    probabilities = []
    with Bar(f"evaluate {settings.row}", len(index), "faces") as bar:
        for faces in batches(pixels, index, batch_size):
            logits = np.stack([steps.infer(view) for view in views_of(faces, settings.recipe.views)]).astype(np.float64)
            if not np.isfinite(logits).all():
                received = "NaN or infinity: the training diverged; lower the learning rate"
                raise InputError(f"{weights}: expected finite outputs, received {received}")
            probabilities.append(softmax(logits, axis=2).mean(axis=0))
            bar.advance(len(faces))
    return np.concatenate(probabilities).astype(np.float32), model.count_params()


def main():
    """Read the row's model, the faces and the split; write the row's files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", required=True, help="its name in params.yaml")
    add_section(parser)
    options = parser.parse_args()
    row, model = options.row, options.section.models / options.row
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
    with written(options.section.rows / row) as folder:
        folder.mkdir()
        predictions = predictions_table(index, test, usage, probabilities, settings.emotions)
        scores = score(labels, probabilities, test.twin.to_numpy(bool), usage, evaluation, settings.seed)
        write_row(folder, predictions, settings.emotions, about, scores)
        shutil.copyfile(model / "history.csv", folder / "history.csv")


if __name__ == "__main__":
    run(main)
