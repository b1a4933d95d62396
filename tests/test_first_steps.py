"""The first steps of a training, by which a run on another processor is judged: rounding moves them little, other arithmetic much."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.config.settings import Adam, Sgd
from pipeline.first_steps import first_steps, flipped, main
from pipeline.reproduction.comparison import FLOOR, compare_rows, tolerances_of
from pipeline.training import backend
from pipeline.training.trainer import TrainingData
from tests.training.small import faces_of_two_kinds, settings

OTHER_KERNELS = {"TF_ENABLE_ONEDNN_OPTS": "0"}  # in place of another processor: Eigen's, with another order of summation
SGD = {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9}
ADAM = {"name": "adam", "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
BASES = {"sgd": {"optimizer": Sgd(**SGD)}, "adam": {"optimizer": Adam(**ADAM)}}
TAMPERED = {  # what is wrong: (what it is compared with, changed settings)
    "learning rate, 5 % off": ("sgd", {"optimizer": Sgd(**SGD | {"learning_rate": 0.0105})}),
    "momentum": ("sgd", {"optimizer": Sgd(**SGD | {"momentum": 0.85})}),
    "seed": ("sgd", {"seed": 1}),
    "order of the faces": ("sgd", {}),
    "input scaling": ("sgd", {}),
    "initialisation": ("sgd", {}),
    "epsilon of batch normalisation": ("sgd", {}),
    "Adam's learning rate, 5 % off": ("adam", {"optimizer": Adam(**ADAM | {"learning_rate": 0.00105})}),
    "Adam's beta_1": ("adam", {"optimizer": Adam(**ADAM | {"beta_1": 0.85})}),
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


def steps_of(base, name=None):
    """Return the first steps of a row, or of it as tampered with; in a process of its own the variables say with which kernels."""
    from keras import layers

    from pipeline.networks import Compact

    change = BASES[base] | (TAMPERED[name][1] if name else {})
    chosen, kept = row(**change), (Compact.scale, layers.BatchNormalization, layers.Conv2D)
    backend.start_for(chosen)
    if name == "input scaling":
        Compact.scale = lambda images: images[..., :1] / 128 - 1
    elif name == "initialisation":
        layers.Conv2D = lambda *a, **k: kept[2](*a, **k | {"kernel_initializer": "glorot_uniform"})
    elif name == "epsilon of batch normalisation":
        layers.BatchNormalization = lambda *a, **k: kept[1](*a, **k | {"epsilon": 1e-2})
    try:
        return first_steps(chosen, data(3 if name == "order of the faces" else None))
    finally:
        Compact.scale, layers.BatchNormalization, layers.Conv2D = kept


@pytest.fixture(scope="module")
def measured(keras):
    """{base: (its first steps here, what they may differ by)}."""
    found = {}
    for base, change in BASES.items():
        reference, perturbed = steps_of(base), []
        for flip in range(2):
            backend.start_for(row(**change))
            perturbed.append(first_steps(row(**change), data(), flip))
        found[base] = reference, tolerances_of(reference, perturbed)
    return found


@pytest.fixture(scope="module")
def elsewhere():
    """{name: first steps} of the rows and of each tampered one, with other kernels."""
    done = subprocess.run([sys.executable, "-m", "tests.test_first_steps"], env=os.environ | OTHER_KERNELS, capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def differences(measured, base, received):
    """Return what `make verify` would list of a row on another machine."""
    reference, tolerances = measured[base]
    old, new = ({"a": {"metrics": {}} | steps} for steps in (reference, received))
    return compare_rows(old, new, {"a": tolerances}, exact=False)[0].differences


def test_first_steps__are_those_of_a_training(measured):
    reference, tolerances = measured["sgd"]
    assert len(reference["first_losses"]) == len(reference["first_updates"]) == 8
    assert reference["first_losses"][0] == pytest.approx(np.log(2), abs=1e-6)  # the head starts at zero
    assert tolerances["first_losses"][0] == FLOOR and tolerances["first_losses"] == sorted(tolerances["first_losses"])


def test_first_updates__grow_with_the_learning_rate(measured):
    # Adam's first step moves every weight that has a gradient by the learning rate, whatever the gradient is.
    reference, _ = measured["adam"]
    moved = steps_of("adam", "Adam's learning rate, 5 % off")
    assert moved["first_updates"][0] == pytest.approx(1.05 * reference["first_updates"][0], rel=1e-4)


@pytest.mark.parametrize("base", BASES)
def test_first_steps__other_kernels_stay_within_the_tolerance(measured, elsewhere, base):
    assert elsewhere[base] != measured[base][0] and differences(measured, base, elsewhere[base]) == []


@pytest.mark.parametrize("name", TAMPERED)
def test_first_steps__tampered_training_exceeds_it_with_other_kernels_too(measured, elsewhere, name):
    base, _ = TAMPERED[name]
    assert differences(measured, base, elsewhere[name]), (elsewhere[name], measured[base])


def test_main__backend_whose_weights_cannot_be_watched_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "models" / "settings"
    folder.mkdir(parents=True)
    row(backend="jax").write(folder / "tiny.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["first_steps", "--row", "tiny"])
    with pytest.raises(InputError, match="tiny: expected training.backend tensorflow, received jax"):
        main()


def test_flipped__last_bit_of_half_of_the_weights():
    weights = np.full(1000, 1.0, np.float32)
    changed = flipped(weights, 0)
    assert set(changed) == {1.0, np.nextafter(np.float32(1), np.float32(2))} and 400 < (changed != weights).sum() < 600
    assert np.array_equal(changed, flipped(weights, 0)) and not np.array_equal(changed, flipped(weights, 1))


if __name__ == "__main__":
    tampered = {name: steps_of(base, name) for name, (base, _) in TAMPERED.items()}
    print(json.dumps({base: steps_of(base) for base in BASES} | tampered))
