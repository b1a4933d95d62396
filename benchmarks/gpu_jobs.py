"""One job of benchmarks.gpu in a process of its own; prints its figures as JSON, in the last line.

python -m benchmarks.gpu_jobs plain|ours|training '{"network": ..., ...}'

plain and ours print "compiled" after their first step and wait for a line: compilations may run beside one another, measurements not.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.one_measurement import Clock, plain_model, prepare, watch
from pipeline.common.files import written
from pipeline.common.interruption import noted
from pipeline.common.workspace import RGB, SPLIT_FILES
from pipeline.config import params as parameters
from pipeline.dataset.labels import read_labels
from pipeline.dataset.names import TEST
from pipeline.dataset.split_file import part, read_split
from pipeline.resolve import resolve
from pipeline.scoring.outputs import score
from pipeline.training import backend

TEST_BATCH = 3589  # faces: divides the 7,178 official test faces, so that one shape is compiled


class Gate(Clock):
    """A Clock that waits after the first step until it is this process' turn on the GPU."""

    def __call__(self, images, _=None):
        """Note a step; after the first, say that it is compiled and wait for a line."""
        super().__call__(images)
        if len(self.times) == 1:
            print("compiled", flush=True)
            sys.stdin.readline()


class EpochGate(Gate):
    """A Gate that is shown epochs: Keras' fit on JAX runs ahead of its steps, and waits for them at the end of an epoch."""

    WARM_UP, LEAST = 1, 2


def random_faces(given):
    """Return (pixels (n, 48, 48, 3) uint8, labels (n,) int64), n the given number of batches' faces."""
    random = np.random.default_rng(0)
    count = given["batches"] * given["batch_size"]
    return random.integers(0, 256, (count, 48, 48, 3), np.uint8), random.integers(0, 7, count)


def plain(given):
    """Plain Keras: compile and fit on arrays in memory."""
    keras = backend.start(0, given["backend"], given["precision"])
    pixels, labels = random_faces(given)
    if given["size"] != pixels.shape[1]:  # as a user would, before the training
        pixels = np.asarray(keras.ops.image.resize(pixels.astype(np.float32), (given["size"],) * 2), np.float32)
    gate = EpochGate(given)
    model = plain_model(given)

    watched = watch(gate, len(labels), "on_epoch_end")
    model.fit(pixels, labels, batch_size=given["batch_size"], epochs=10_000, verbose=0, callbacks=[watched])
    return gate.figures()


def ours(given):
    """The pipeline's own training."""
    gate = Gate(given)
    _, train = prepare(given, *random_faces(given))
    train(gate)
    return gate.figures()


def training(given):
    """A row of beyond/params.yaml trained and scored on its test faces; what it answers goes to the given file.

    Faces over the last full batch are left out, so that one shape a size is compiled: at most one batch of them.
    """
    from pipeline.training.trainer import TrainingData

    params = parameters.load()
    settings = resolve(params, given["row"], "beyond").model_copy(
        update={key: given[key] for key in ("seed", "epochs", "precision", "backend")} | {"devices": "auto", "threads": None}
    )
    tta, data = params.recipes[params.beyond[given["row"]].recipe].tta, TrainingData.read(settings)
    table = read_split(SPLIT_FILES / f"{settings.data}.csv", settings.emotions)
    test = table[table.split == TEST]
    backend.start_for(settings)
    with noted() as interruption, tempfile.TemporaryDirectory() as temporary:
        began = time.monotonic()
        weights = Path(temporary) / "model.weights.h5"
        progress, train_seconds = fit_row(settings, data, weights, interruption)
        probabilities = answers(settings, tta, weights, data.pixels, part(table, TEST)[0])
    with written(given["answers"]) as path, open(path, "wb") as file:
        np.save(file, probabilities)
    return {
        "row": given["row"], "at_once": given["at_once"], "settings": settings.model_dump(),
        "device": device(), "versions": backend.versions(settings.backend),
        "train_faces": whole(data.training[0], settings.batch_size), "train_seconds": train_seconds,
        "epoch_seconds": progress.epoch_seconds, "total_seconds": time.monotonic() - began, "history": progress.logs,
        "scores": scores_of(test, probabilities, settings, params.evaluation),
    }  # fmt: skip


def whole(index, batch_size):
    """Return how many of the faces at `index` fill whole batches."""
    return len(index) // batch_size * batch_size


def device():
    """Return the name of the device that a job runs on."""
    from pipeline.training import devices

    return devices.describe()


def fit_row(settings, data, weights, interruption):
    """Train a row on whole batches, write its weights and return (Progress, seconds, first compilation included)."""
    from pipeline.networks.shared.classifier import build
    from pipeline.training import checkpoint
    from pipeline.training.fit import fit

    index, labels = data.training
    kept = np.sort(np.random.default_rng(settings.seed).permutation(len(index))[: whole(index, settings.batch_size)])
    started = time.monotonic()
    model = build(settings)
    key = checkpoint.key(settings, [data.faces_sha256, data.split_sha256], backend.versions(settings.backend), device())
    saved = checkpoint.Checkpoint(settings.row, key)
    nothing = np.zeros(0, np.int64), np.zeros(0, np.int64)
    faces = np.asarray(data.pixels)  # in memory: a mapped file waits for the disk
    progress = fit(
        model, faces, (index[kept], labels[kept]), nothing, settings, lambda *_: None, lambda *_: None, None, saved, interruption
    )
    model.save_weights(weights)
    saved.drop()
    return progress, time.monotonic() - started


def answers(settings, tta, weights, pixels, index):
    """Return the probabilities (n, emotions) float32 of the faces at `index`."""
    from pipeline.scoring.prediction import predict

    return predict(settings, tta, weights, pixels, index, min(TEST_BATCH, len(index)))[0]


def scores_of(test, probabilities, settings, evaluation):
    """Return evaluate's scores of the test faces of a split table."""
    usage = read_labels(RGB / "labels.csv").usage.to_numpy()[test.face.to_numpy()]
    return score(test.label.to_numpy(), probabilities, test.duplicate.to_numpy(bool), usage, evaluation, settings.seed)


if __name__ == "__main__":
    job = {"plain": plain, "ours": ours, "training": training}[sys.argv[1]]
    print(json.dumps(job(json.loads(sys.argv[2]))))
