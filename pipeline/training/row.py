"""Trains a row: its settings file, faces and split to its folder of models."""

import time

import pandas as pd

from pipeline.errors import InputError
from pipeline.faces.names import TRAIN, VALIDATION
from pipeline.faces.split_file import part, read_split
from pipeline.files import open_npy, write_csv, write_json, written
from pipeline.progress import Bar
from pipeline.training import backend
from pipeline.training.interruption import noted
from pipeline.training.settings import Settings
from pipeline.workspace import FACES, SPLIT_FILES

LOG_NAMES = {
    "loss": "train/loss",
    "accuracy": "train/accuracy",
    "val_loss": "validation/loss",
    "val_accuracy": "validation/accuracy",
    "learning_rate": "learning_rate",
}


def train(settings, pixels, split, folder, checkpoint_key, interruption):
    """Train a row and write what it gives into `folder`; return (timings for people to read, the row's Checkpoint).

    pixels: (N, h, w, 3) uint8; split: a table of read_split; checkpoint_key: a function without arguments that gives the key.
    """
    from dvclive import Live

    from pipeline.networks.classifier import build
    from pipeline.training import devices
    from pipeline.training.checkpoint import Checkpoint
    from pipeline.training.fit import fit

    started = time.monotonic()
    sharing = devices.select(settings.devices)
    rows = []
    training, validation = part(split, TRAIN), part(split, VALIDATION)
    total = settings.epochs * len(training[0])
    live = Live(dir=str(folder / "dvclive"), dvcyaml=False, report=None, save_dvc_exp=False)
    with live, devices.shared(sharing) as strategy, Bar(f"train {settings.row}", total, "faces") as bar:
        model = build(settings)
        checkpoint = Checkpoint(settings.row, checkpoint_key())

        def log(epoch, logs):
            rows.append({"epoch": epoch + 1} | logs)
            for name, value in logs.items():
                live.log_metric(LOG_NAMES[name], value)
            live.next_step()

        def show(count, loss):
            bar.advance(count, f"epoch {min(len(rows) + 1, settings.epochs)} of {settings.epochs}, loss {loss:.3f}")

        progress = fit(model, pixels, training, validation, settings, show, log, strategy, checkpoint, interruption)
    write_csv(folder / "history.csv", pd.DataFrame(rows))
    write_json(folder / "first_losses.json", progress.first_losses)
    model.save_weights(folder / "model.weights.h5")
    settings.write(folder / "network.json")
    timings = {
        "device": devices.describe(),
        "devices": max(1, len(sharing)),
        "total_seconds": time.monotonic() - started,
        "epoch_seconds": progress.epoch_seconds,
        "faces_per_second": len(training[0]) / min(progress.epoch_seconds),
    }
    return timings, checkpoint


def train_row(row, section):
    """Read a row's settings, faces and split, write models/<row>, and return its Checkpoint, to drop when no more can be lost."""
    models = section.models
    settings = Settings.read(models / "settings" / f"{row}.json")
    settings = settings.model_copy(update={"backend": backend.chosen(settings.backend)})
    split_file = SPLIT_FILES / f"{settings.data}.csv"
    split = read_split(split_file, settings.emotions, settings.fold)
    pixels = open_npy(FACES)
    backend.start(settings.seed, settings.backend, settings.precision, settings.devices == "cpu")

    def checkpoint_key():
        from pipeline.training import checkpoint, devices, steps

        steps.load()  # the key covers the code that is loaded
        return checkpoint.key(settings, [FACES, split_file], backend.versions(settings.backend), devices.describe())

    with noted() as interruption, written(models / row) as folder:
        folder.mkdir()
        try:
            timings, checkpoint = train(settings, pixels, split, folder, checkpoint_key, interruption)
        except Exception as error:
            if not backend.ran_out_of_memory(error):
                raise
            raise InputError(
                f"{row}: expected enough memory for batches of {settings.batch_size} at {settings.image_size} px, received: "
                f"{type(error).__name__}; free memory or lower batch_size"
            ) from None
    # Outside the stage's outputs: a time in a hashed file would make every repetition look changed.
    write_json(models / "timings" / f"{row}.json", timings)
    return checkpoint
