"""Two logical devices of the one CPU share each batch: processes of their own, for a backend's devices are set at its start."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest


def small(*arguments):
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    command = [sys.executable, "-m", "tests.training.small", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def assert_same_curve(first, second, tolerance):
    for one, other in zip(first["logs"], second["logs"], strict=True):
        assert one == pytest.approx(other, abs=tolerance)
    np.testing.assert_allclose(first["logits"], second["logits"], atol=tolerance)


@pytest.fixture(scope="module")
def one_device():
    return small("tensorflow", 1, "float32")


def test_two_replicas__have_the_curve_of_one(one_device):
    # Batches of 5, 5 and 4: uneven shares, and batch statistics over both devices.
    two = small("tensorflow", 2, "float32")
    assert two["replicas"] == 2
    assert_same_curve(one_device, two, 2e-5)


def test_two_replicas__in_jax_too(one_device):
    pytest.importorskip("jax", reason="jax is not installed")
    two = small("jax", 2, "float32")
    assert two["replicas"] == 2
    assert_same_curve(one_device, two, 2e-5)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_precision__mixed_is_near_float32_and_keeps_float32_weights(one_device, precision):
    mixed = small("tensorflow", 1, precision)
    assert mixed["logs"] != one_device["logs"]  # it does compute otherwise
    assert_same_curve(one_device, mixed, 5e-3)
    assert "float16" not in mixed["dtypes"] and "bfloat16" not in mixed["dtypes"]


def test_select__more_gpus_than_there_are_is_refused(keras):
    from pipeline.common.errors import InputError
    from pipeline.training import devices

    assert devices.select("auto") == [] and devices.select("cpu") == [] and devices.describe() == "cpu"
    with pytest.raises(InputError, match="training.devices: expected at most the 0 GPUs of this machine, received 3"):
        devices.select(3)
