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
    live = Live(dir=str(folder / "dvclive"), dvcyaml=False, report=None, save_dvc_exp=False)
    with live, Bar(f"train {settings.row}", settings.epochs, "epochs") as bar:

        def log(epoch, logs):
            rows.append({"epoch": epoch + 1} | logs)
            for name, value in logs.items():
                part_name, _, metric = name.rpartition("val_")
                live.log_metric(metric if metric == "learning_rate" else f"{'validation' if name != metric else 'train'}/{metric}", value)
            live.next_step()
            bar.advance(1, f"accuracy {logs['accuracy']:.3f}")

        seconds = fit(model, pixels, part(split, TRAIN), part(split, VALIDATION), settings, log)
    write_csv(folder / "history.csv", pd.DataFrame(rows))
    model.save_weights(folder / "model.weights.h5")
    settings.write(folder / "network.json")
    faces = len(part(split, TRAIN)[0])
    return {
        "total_seconds": time.monotonic() - started,
        "epoch_seconds": seconds,
        "faces_per_second": faces / min(seconds),
    }


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
