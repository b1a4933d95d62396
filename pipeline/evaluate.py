"""Stage evaluate@row: every test face of the row's split once, to reports/rows/<row> (predictions, metrics, curves)."""

import argparse
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax

from pipeline import params as parameters
from pipeline.errors import InputError, run
from pipeline.faces.names import TEST
from pipeline.faces.split_file import part, read_split
from pipeline.files import open_npy, read_json, write_csv, write_json, written
from pipeline.progress import Bar
from pipeline.results import metrics
from pipeline.training import backend
from pipeline.training.batches import batches
from pipeline.training.settings import Settings

FACES, SPLITS, MODELS, ROWS = Path("data/rgb/faces.npy"), Path("data/splits"), Path("models"), Path("reports/rows")


def predict(settings, weights, pixels, index, batch_size):
    """Return (probabilities (n, emotions) float32, parameters) of the faces at `index` under the weights file."""
    from pipeline.networks.classifier import build
    from pipeline.training.steps import make_steps

    model = build(settings.model_copy(update={"weights": None}))
    model.load_weights(weights)
    steps = make_steps(model)
    logits = []
    with Bar(f"evaluate {settings.row}", len(index), "faces") as bar:
        for _, faces in batches(pixels, index, batch_size):
            logits.append(steps.infer(faces))
            bar.advance(len(faces))
    logits = np.concatenate(logits).astype(np.float64)
    if not np.isfinite(logits).all():
        raise InputError(f"{weights}: expected finite outputs, received NaN or infinity: the training diverged; lower the learning rate")
    return softmax(logits, axis=1).astype(np.float32), model.count_params()


def evaluate(labels, probabilities, twin, evaluation, seed):
    """Return the scores, their intervals, and the accuracy without twins of n test faces.

    labels: (n,) int64; probabilities: (n, k) float32; twin: (n,) bool; evaluation: params.Evaluation.
    """
    scores = metrics.scores(labels, probabilities)
    scores["interval"] = metrics.bootstrap(labels, probabilities, evaluation.bootstrap, evaluation.confidence, seed)
    apart = ~twin
    scores["without_twins"] = {
        "faces": int(apart.sum()),
        "accuracy": float((probabilities.argmax(axis=1) == labels)[apart].mean()) if apart.any() else None,
    }
    return scores


def main():
    """Read models/<row>, the faces and the split; write reports/rows/<row>."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", required=True, help="a key of rows: in params.yaml")
    row = parser.parse_args().row
    evaluation = parameters.load().evaluation
    model = MODELS / row
    settings = Settings.read(model / "network.json")
    split = read_split(SPLITS / f"{settings.data}.csv", settings.emotions, settings.fold)
    test = split[split.split == TEST]
    index, labels = part(split, TEST)
    backend.start(settings.seed, backend.chosen(settings.backend), settings.precision, settings.devices == "cpu")
    probabilities, parameter_count = predict(settings, model / "model.weights.h5", open_npy(FACES), index, evaluation.batch_size)
    scores = evaluate(labels, probabilities, test.twin.to_numpy(bool), evaluation, settings.seed)
    predictions = pd.DataFrame(probabilities, columns=settings.emotions)
    predictions.insert(0, "face", index)
    predictions.insert(1, "emotion", test.emotion.to_numpy())
    predictions.insert(2, "twin", test.twin.to_numpy(bool))
    with written(ROWS / row) as folder:
        folder.mkdir()
        predictions.to_parquet(folder / "predictions.parquet", index=False)
        write_csv(folder / "roc.csv", metrics.roc_table(labels, probabilities, settings.emotions))
        write_csv(folder / "confusion.csv", metrics.confusion_table(labels, probabilities, settings.emotions))
        shutil.copyfile(model / "history.csv", folder / "history.csv")
        faces = {name: len(part(split, name)[0]) for name in ("train", "validation", "test")}
        about = {
            "format": metrics.FORMAT,
            "settings": settings.model_dump(),
            "parameters": parameter_count,
            "faces": faces,
            "early_loss": float(np.mean(read_json(model / "first_losses.json"))),
            "confidence": evaluation.confidence,
        }
        write_json(folder / "metrics.json", about | scores)


if __name__ == "__main__":
    run(main)
