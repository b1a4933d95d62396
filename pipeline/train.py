"""Stage train@row: one network on its split to models/<row> (weights, network.json, history, dvclive's logs)."""

import argparse
import time
from pathlib import Path

import pandas as pd

from pipeline.errors import run
from pipeline.faces.names import TRAIN, VALIDATION
from pipeline.faces.split_file import part, read_split
from pipeline.files import open_npy, write_csv, write_json, written
from pipeline.progress import Bar
from pipeline.training import backend
from pipeline.training.settings import Settings

FACES, SPLITS, MODELS = Path("data/rgb/faces.npy"), Path("data/splits"), Path("models")
LOG_NAMES = {
    "loss": "train/loss",
    "accuracy": "train/accuracy",
    "val_loss": "validation/loss",
    "val_accuracy": "validation/accuracy",
    "learning_rate": "learning_rate",
}


def train(settings, pixels, split, folder):
    """Train a row and write what it gives into `folder`; return {phase: seconds}.

    pixels: (N, h, w, 3) uint8; split: a table of read_split.
    """
    from dvclive import Live

    from pipeline.networks.classifier import build
    from pipeline.training.fit import fit

    started = time.monotonic()
    model = build(settings)
    rows = []
    training, validation = part(split, TRAIN), part(split, VALIDATION)
    total = settings.epochs * len(training[0])
    live = Live(dir=str(folder / "dvclive"), dvcyaml=False, report=None, save_dvc_exp=False)
    with live, Bar(f"train {settings.row}", total, "faces") as bar:

        def log(epoch, logs):
            rows.append({"epoch": epoch + 1} | logs)
            for name, value in logs.items():
                live.log_metric(LOG_NAMES[name], value)
            live.next_step()

        def show(count, loss):
            bar.advance(count, f"epoch {len(rows) + 1} of {settings.epochs}, loss {loss:.3f}")

        seconds = fit(model, pixels, training, validation, settings, show, log)
    write_csv(folder / "history.csv", pd.DataFrame(rows))
    model.save_weights(folder / "model.weights.h5")
    settings.write(folder / "network.json")
    rate = len(training[0]) / min(seconds)
    return {"total_seconds": time.monotonic() - started, "epoch_seconds": seconds, "faces_per_second": rate}


def main():
    """Read the row's settings, faces and split; write models/<row>."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", required=True, help="a key of rows: in params.yaml")
    row = parser.parse_args().row
    settings = Settings.read(MODELS / "settings" / f"{row}.json")
    split = read_split(SPLITS / f"{settings.data}.csv", settings.emotions, settings.fold)
    pixels = open_npy(FACES)
    backend.start(settings.seed)
    with written(MODELS / row) as folder:
        folder.mkdir()
        timings = train(settings, pixels, split, folder)
    # Outside the stage's outputs: a time in a hashed file would make every repetition look changed.
    write_json(MODELS / "timings" / f"{row}.json", timings)


if __name__ == "__main__":
    run(main)
