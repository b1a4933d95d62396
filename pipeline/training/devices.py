"""The devices that a row trains on: one, or several in one machine that share each batch (data parallel)."""

import contextlib

import keras

from pipeline.common.errors import InputError


def select(wanted):
    """Return the devices that share each batch, [] for the backend's default device alone.

    wanted: "auto" (every GPU that is there, else the CPU), "cpu" (GPUs are hidden from the start), or the number of GPUs.
    Raises InputError.
    """
    gpus = _gpus()
    if isinstance(wanted, int) and wanted > len(gpus):
        raise InputError(f"training.devices: expected at most the {len(gpus)} GPUs of this machine, received {wanted}; or say auto or cpu")
    gpus = gpus[:wanted] if isinstance(wanted, int) else gpus
    return gpus if len(gpus) > 1 else []


@contextlib.contextmanager
def shared(devices):
    """Yield the strategy of `devices` for make_steps, None for []; variables must be made inside the block.

    devices: as select returns them; logical devices will do.
    """
    if not devices:
        yield None
    elif keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        strategy = tf.distribute.MirroredStrategy(devices)
        with strategy.scope():
            yield strategy
    else:
        import jax
        import numpy as np

        yield jax.sharding.Mesh(np.array(devices), ("batch",))


def describe():
    """Return the default device's name, say "cpu" or "NVIDIA H200"."""
    gpus, name = _gpus(), keras.backend.backend()
    if not gpus:
        return "cpu"
    if name == "jax":
        return gpus[0].device_kind
    import tensorflow as tf

    return tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0]).get("device_name", "gpu")


def _gpus():
    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        return [device.name.removeprefix("/device:") for device in tf.config.list_logical_devices("GPU")]
    import jax

    return [device for device in jax.local_devices() if device.platform == "gpu"]
