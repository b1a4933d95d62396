"""One measurement of benchmarks.throughput in a process of its own; prints its figures as JSON.

python -m benchmarks.one_measurement baseline|ours|matrix|all_faces '{"network": ..., ...}'
"""

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np

ALL_FACES = 35_887  # of FER-2013


class Enough(Exception):
    """Raised by the clock when the training has been measured long enough."""


class Clock:
    """Takes the time of each finished step: the first since the process was started, then the rate of the later ones."""

    WARM_UP = 3  # steps after the first that are not counted: caches fill, the allocator settles
    LEAST = 4  # steps that are, however long they take

    def __init__(self, given):
        self.started, self.seconds, self.batch_size = given["started"], given["seconds"], given["batch_size"]
        self.times, self.images = [], []

    def __call__(self, images, _=None):
        """Note a step on `images` faces; raise Enough at the end."""
        self.times.append(time.time())
        self.images.append(images)
        if len(self.times) > self.WARM_UP + self.LEAST and self.times[-1] - self.times[self.WARM_UP] > self.seconds:
            raise Enough

    def figures(self):
        """Return the figures of the training."""
        elapsed = self.times[-1] - self.times[self.WARM_UP]
        return {
            "first_step_seconds": self.times[0] - self.started,
            "train_per_second": sum(self.images[self.WARM_UP + 1 :]) / elapsed,
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def plain_model(given):
    """Return what a user would compile: the network as keras.applications has it, its input scaled, one dense layer on top."""
    import keras

    size = given["size"]
    inputs = keras.Input((size, size, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    if hasattr(keras.applications, given["network"]):
        features = getattr(keras.applications, given["network"])(include_top=False, weights=None, input_tensor=scaled).output
    else:  # the same layers, plainly used
        features = import_module(f"pipeline.networks.{given['network']}").backbone(scaled, None)
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    outputs = keras.layers.Dense(7, activation="softmax", dtype="float32")(pooled)
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Adam(0.001) if given["optimizer"] == "adam" else keras.optimizers.SGD(0.01, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def watch(clock, faces, event="on_train_batch_end"):
    """Return a Keras callback that shows a Clock each step, or each other `event`, of so many faces, and stops when it says enough."""
    import keras

    watched = keras.callbacks.Callback()

    def show(*_, **__):
        try:
            clock(faces)
        except Enough:
            watched.model.stop_training = True

    setattr(watched, event, show)
    return watched


def baseline(given):
    """What a user would write."""
    import keras

    size = given["size"]
    faces = keras.utils.image_dataset_from_directory(
        Path(given["folder"]) / "jpeg", image_size=(size, size), batch_size=given["batch_size"], seed=0, verbose=False
    )
    model, clock = plain_model(given), Clock(given)
    model.fit(faces, epochs=10_000, verbose=0, callbacks=[watch(clock, given["batch_size"])])
    figures = clock.figures()
    model.predict(faces, verbose=0)
    started, count = time.time(), 0
    while time.time() - started < given["seconds"] / 3:
        count += len(model.predict(faces, verbose=0))
    return figures | {"infer_per_second": count / (time.time() - started)}


def prepare(given, pixels, labels):
    """Return (model, a function that trains until the clock says enough) of the pipeline's own training."""
    from pipeline.config.settings import Adam, Recipe, Settings, Sgd
    from pipeline.training import backend

    name, precision = given.get("backend", "tensorflow"), given.get("precision", "float32")
    backend.start(0, name, precision)
    from pipeline.networks.shared.classifier import build
    from pipeline.training.fit import fit

    adam = Adam(name="adam", learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    settings = Settings(
        row="benchmark", data="unbalanced", model=given["network"], image_size=given["size"], face_size=48,
        emotions=list("abcdefg"), pretrained=None, pretrained_sha256=None, batch_size=given["batch_size"], epochs=10_000,
        optimizer=adam if given["optimizer"] == "adam" else Sgd(name="sgd", learning_rate=0.01, momentum=0.9), recipe=Recipe(),
        batch_norm_faces=1, seed=0, fold=None, backend=name, precision=precision, devices="auto", threads=None,
    )  # fmt: skip
    model = build(settings)
    index = np.arange(len(labels))
    nothing = np.zeros(0, np.int64)

    def train(clock):
        try:
            fit(model, pixels, (index, labels), (nothing, nothing), settings, clock, lambda *_: None)
        except Enough:
            pass

    return model, train


def ours(given):
    """The pipeline's own training and inference."""
    from pipeline.dataset.arrays import open_npy

    folder = Path(given["folder"])
    pixels, labels = open_npy(folder / "faces.npy"), np.load(folder / "labels.npy")
    clock = Clock(given)
    model, train = prepare(given, pixels, labels)
    train(clock)
    figures = clock.figures()
    from pipeline.training.batches import batches
    from pipeline.training.steps import make_steps

    steps, index = make_steps(model), np.arange(len(labels))
    for first in (True, False):
        started, count = time.time(), 0
        while time.time() - started < (0 if first else given["seconds"] / 3) or not count:
            for faces in batches(pixels, index, given["batch_size"]):
                count += len(steps.infer(faces))
    return figures | {"infer_per_second": count / (time.time() - started), "multiply_adds": multiply_adds(model)}


def multiply_adds(model):
    """Return the multiplications of one forward pass on one face in convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        kernels = [weight.shape for weight in layer.weights if "kernel" in weight.name]
        positions = int(np.prod(layer.output.shape[1:-1])) if kernels else 0
        total += positions * sum(int(np.prod(kernel)) for kernel in kernels)
    return total


def matrix(given):
    """The rate of a large float32 matrix product, in floating-point operations a second: the best of ten."""
    from pipeline.training import backend

    backend.start(0)
    import tensorflow as tf

    size = 2048
    matrices = [tf.random.stateless_normal((size, size), (0, index)) for index in range(2)]
    product = tf.function(tf.matmul)
    seconds = []
    for _ in range(11):
        started = time.perf_counter()
        product(*matrices).numpy()
        seconds.append(time.perf_counter() - started)
    return {"flops": 2 * size**3 / min(seconds)}


def all_faces(given):
    """Peak memory with every face of FER-2013, and the time of one pass over them without a network."""
    from pipeline.dataset.arrays import open_npy
    from pipeline.training.batches import batches, epoch_order

    path = Path(given["folder"]) / "all.npy"
    random = np.random.default_rng(0)
    whole = np.lib.format.open_memmap(path, "w+", np.uint8, (ALL_FACES, 48, 48, 3))
    for start in range(0, ALL_FACES, 1024):
        whole[start : start + 1024] = random.integers(0, 256, whole[start : start + 1024].shape, np.uint8)
    del whole
    pixels, labels = open_npy(path), random.integers(0, 7, ALL_FACES)
    started = time.time()
    total = sum(int(faces[0, 0, 0, 0]) for faces in batches(pixels, epoch_order(ALL_FACES, 0, 0), given["batch_size"]))
    passed = time.time() - started
    _, train = prepare(given, pixels, labels)
    train(Clock(given))
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "faces": ALL_FACES, "size": given["size"], "network": given["network"], "pass_seconds": passed, "check": total,
        "peak_bytes": int(status["VmHWM"].split()[0]) * 1024, "own_bytes": int(status["RssAnon"].split()[0]) * 1024,
    }  # fmt: skip


if __name__ == "__main__":
    measurement = {"baseline": baseline, "ours": ours, "matrix": matrix, "all_faces": all_faces}[sys.argv[1]]
    print(json.dumps(measurement(json.loads(sys.argv[2]))))
