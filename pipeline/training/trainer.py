"""Trains a row: its settings file, faces and split to its folder of models."""

import dataclasses
import time

import numpy as np
import pandas as pd

from pipeline.common.errors import InputError
from pipeline.common.files import check_free, remove, write_csv, write_json, written
from pipeline.common.fingerprint import fingerprint
from pipeline.common.interruption import noted
from pipeline.common.progress import Bar
from pipeline.common.workspace import FACES, SPLIT_FILES
from pipeline.config.settings import Settings, Trained
from pipeline.dataset import arrays
from pipeline.dataset.arrays import open_npy
from pipeline.dataset.names import TRAIN, VALIDATION
from pipeline.dataset.split_file import part, read_split, sha256_of
from pipeline.training import backend
from pipeline.training.source import sha256_of_source

LOG_NAMES = {
    "loss": "train/loss",
    "accuracy": "train/accuracy",
    "val_loss": "validation/loss",
    "val_accuracy": "validation/accuracy",
    "learning_rate": "learning_rate",
}


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """What a training reads. training, validation: (index, labels), two int64 arrays each; index into pixels."""

    pixels: np.ndarray  # (N, h, w, 3) uint8
    training: tuple
    validation: tuple
    faces_sha256: str  # of the file of pixels
    split_sha256: str  # see dataset.split_file.sha256_of

    @classmethod
    def read(cls, settings):
        """Return the TrainingData of a Settings."""
        split = read_split(SPLIT_FILES / f"{settings.data}.csv", settings.emotions, settings.fold)
        return cls(open_npy(FACES), part(split, TRAIN), part(split, VALIDATION), arrays.sha256_of(FACES), sha256_of(split))


def train(settings, data, folder, live_folder, interruption):
    """Train a row and write what it gives into `folder`; return (timings for people to read, the row's Checkpoint).

    data: TrainingData; live_folder: where dvclive logs each epoch while the training runs; it goes at the end.
    """
    from dvclive import Live

    from pipeline.networks.shared.classifier import build
    from pipeline.training import checkpoint, devices, steps
    from pipeline.training.fit import fit

    started = time.monotonic()
    sharing = devices.select(settings.devices)
    rows = []
    total = settings.epochs * len(data.training[0])
    live = Live(dir=str(live_folder), dvcyaml=False, report=None, save_dvc_exp=False)
    with live, devices.shared(sharing) as strategy, Bar(f"train {settings.row}", total, "faces") as bar:
        model = build(settings)
        check_free(folder.parent, 2 * 4 * model.count_params())  # the weights here and in DVC's cache
        steps.load()  # the checkpoint's key covers the code that is loaded
        digests, versions = [data.faces_sha256, data.split_sha256], backend.versions(settings.backend)
        kept = checkpoint.Checkpoint(settings.row, checkpoint.key(settings, digests, versions, devices.describe()))

        def log(epoch, logs):
            rows.append({"epoch": epoch + 1} | logs)
            for name, value in logs.items():
                live.log_metric(LOG_NAMES[name], value)
            live.next_step()

        def show(count, loss):
            bar.advance(count, f"epoch {min(len(rows) + 1, settings.epochs)} of {settings.epochs}, loss {loss:.3f}")

        progress = fit(model, data.pixels, data.training, data.validation, settings, show, log, strategy, kept, interruption)
    remove(live_folder)  # history.csv has it all; what is left there belongs to rows that still train
    write_csv(folder / "history.csv", pd.DataFrame(rows))
    write_json(folder / "first_losses.json", progress.first_losses)
    model.save_weights(folder / "model.weights.h5")
    made_by = {"faces_sha256": data.faces_sha256, "split_sha256": data.split_sha256, "source_sha256": sha256_of_source(settings.model)}
    machine = fingerprint()
    Trained(settings=settings, machine=machine, **made_by).write(folder / "network.json")
    timings = {
        "settings_sha256": settings.digest(),
        "machine": machine,
        "device": devices.describe(),
        "devices": max(1, len(sharing)),
        "total_seconds": time.monotonic() - started,
        "epoch_seconds": progress.epoch_seconds,
        "faces_per_second": len(data.training[0]) / min(progress.epoch_seconds),
    }
    return timings, kept


def train_row(row, section):
    """Read a row's settings, faces and split, write models/<row>, and return its Checkpoint, to drop when no more can be lost."""
    models = section.models
    settings = Settings.read(section.settings / f"{row}.json")
    settings = settings.model_copy(update={"backend": backend.chosen(settings.backend)})
    data = TrainingData.read(settings)
    backend.start_for(settings)
    with noted() as interruption, written(models / row) as folder:
        folder.mkdir()
        try:
            timings, checkpoint = train(settings, data, folder, models / "live" / row, interruption)
        except Exception as error:
            if not backend.ran_out_of_memory(error):
                raise
            raise InputError(
                f"{row}: expected enough memory for batches of {settings.batch_size} at {settings.image_size} px, received: "
                f"{type(error).__name__}; free memory or lower batch_size"
            ) from None
    # Outside the stage's outputs: a time in a hashed file would make every repetition look changed.
    write_json(models / "timings" / f"{row}.json", timings)
    if interruption():  # it came after the last step: the stage must not end as if nothing had happened
        interruption.stop(f"{row} interrupted as it ended, saved; run the same again, which trains no step")
    return checkpoint
