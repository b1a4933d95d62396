"""The first losses of a training, by which a run on another processor is judged: rounding moves them little, other arithmetic much."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pipeline.config.settings import Sgd
from pipeline.first_steps import first_losses, flipped
from pipeline.reproduction.comparison import FLOOR, tolerances_of
from pipeline.training import backend
from pipeline.training.trainer import TrainingData
from tests.training.small import faces_of_two_kinds, settings

OTHER_KERNELS = {"TF_ENABLE_ONEDNN_OPTS": "0"}  # in place of another processor: Eigen's, with another order of summation
TAMPERED = {
    "learning rate, 5 % off": {"optimizer": Sgd(name="sgd", learning_rate=0.0105, momentum=0.9)},
    "momentum": {"optimizer": Sgd(name="sgd", learning_rate=0.01, momentum=0.85)},
    "seed": {"seed": 1},
    "order of the faces": {},
    "input scaling": {},
    "initialisation": {},
    "epsilon of batch normalisation": {},
}


def row(**change):
    return settings(**({"model": "Compact", "batch_size": 8, "epochs": 1} | change))


def data(order=None):
    pixels, labels = faces_of_two_kinds(64)
    noise = np.random.default_rng(5).integers(0, 256, pixels.shape[:3]) // 2  # hard enough that the losses stay large
    pixels = np.repeat((pixels[..., 0] // 4 + noise)[..., None], 3, axis=3).astype(np.uint8)
    index = np.arange(64) if order is None else np.random.default_rng(order).permutation(64)
    nothing = np.zeros(0, np.int64), np.zeros(0, np.int64)
    return TrainingData(pixels, (index, labels[index]), nothing, "faces", "split")


def losses_of(name=None):
    """Return the first losses of the row, or of it as tampered with; in a process of its own the variables say with which kernels."""
    from keras import layers

    from pipeline.networks import Compact

    chosen, kept = row(**TAMPERED.get(name, {})), (Compact.scale, layers.BatchNormalization, layers.Conv2D)
    backend.start_for(chosen)
    if name == "input scaling":
        Compact.scale = lambda images: images[..., :1] / 128 - 1
    elif name == "initialisation":
        layers.Conv2D = lambda *a, **k: kept[2](*a, **k | {"kernel_initializer": "glorot_uniform"})
    elif name == "epsilon of batch normalisation":
        layers.BatchNormalization = lambda *a, **k: kept[1](*a, **k | {"epsilon": 1e-2})
    try:
        return first_losses(chosen, data(3 if name == "order of the faces" else None))
    finally:
        Compact.scale, layers.BatchNormalization, layers.Conv2D = kept


@pytest.fixture(scope="module")
def measured(keras):
    """The losses here, and what each may differ by."""
    reference, perturbed = losses_of(), []
    for flip in range(4):
        backend.start_for(row())
        perturbed.append(first_losses(row(), data(), flip))
    return reference, tolerances_of(reference, perturbed)


@pytest.fixture(scope="module")
def elsewhere():
    """{name: losses} of the row and of each tampered one, with other kernels."""
    done = subprocess.run([sys.executable, "-m", "tests.test_first_steps"], env=os.environ | OTHER_KERNELS, capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def exceeded(losses, measured):
    reference, tolerances = measured
    return [abs(loss - before) > allowed for loss, before, allowed in zip(losses, reference, tolerances, strict=True)]


def test_first_losses__are_those_of_a_training(measured):
    reference, tolerances = measured
    assert len(reference) == 8 and reference[0] == pytest.approx(np.log(2), abs=1e-6)  # the head starts at zero
    assert tolerances[0] == FLOOR and tolerances == sorted(tolerances)


def test_first_losses__other_kernels_stay_within_the_tolerance(measured, elsewhere):
    assert elsewhere["as it is"] != measured[0] and not any(exceeded(elsewhere["as it is"], measured))


@pytest.mark.parametrize("name", TAMPERED)
def test_first_losses__tampered_training_exceeds_it_with_other_kernels_too(measured, elsewhere, name):
    assert any(exceeded(elsewhere[name], measured)), (elsewhere[name], measured)


def test_flipped__last_bit_of_half_of_the_weights():
    weights = np.full(1000, 1.0, np.float32)
    changed = flipped(weights, 0)
    assert set(changed) == {1.0, np.nextafter(np.float32(1), np.float32(2))} and 400 < (changed != weights).sum() < 600
    assert np.array_equal(changed, flipped(weights, 0)) and not np.array_equal(changed, flipped(weights, 1))


if __name__ == "__main__":
    print(json.dumps({"as it is": losses_of()} | {name: losses_of(name) for name in TAMPERED}))
