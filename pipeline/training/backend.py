"""Starts Keras on TensorFlow, deterministic and set for speed. Import keras only after start()."""

import contextlib
import os
import sys
import tempfile


def start(seed):
    """Configure and import Keras, seed it, and return the module."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors only
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # off by default on CPUs without AVX-512, where it trains 3 times faster
    with _quiet():
        import keras
        import tensorflow as tf
    tf.config.experimental.enable_op_determinism()
    # Grappler's meta optimizer costs seconds at the start and slows these networks' steps on a CPU.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    keras.utils.set_random_seed(seed)
    return keras


@contextlib.contextmanager
def _quiet():
    # TensorFlow greets on the file descriptor before its log level counts; what it wrote is shown only if the import fails.
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
