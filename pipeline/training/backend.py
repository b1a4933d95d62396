"""Starts Keras on the backend of the settings, deterministic and set for speed. Import keras only after start()."""

import contextlib
import gc
import os
import sys
import tempfile

from pipeline.common.errors import InputError

NAMES = ("tensorflow", "jax")
# Keras and TensorFlow import these where they are installed, for wrappers, plots and converters that nothing here uses.
UNUSED = ("sklearn", "matplotlib", "jax")
OBJECTS = 100_000  # made between two garbage collections: at Python's 700 they are a sixth of a start


def chosen(name):
    """Return the backend to use: KERAS_BACKEND where it is set, else `name`.

    In a stage that DVC runs they must agree: DVC tracks the params and not the environment. Raises InputError.
    """
    given = os.environ.get("KERAS_BACKEND") or name
    if given not in NAMES:
        raise InputError(f"KERAS_BACKEND: expected one of {', '.join(NAMES)}, received {given!r}")
    if given != name and os.environ.get("DVC_STAGE"):
        raise InputError(
            f"KERAS_BACKEND: expected {name}, as the settings say, received {given}; unset it, or dvc exp run -S training.backend={given}"
        )
    return given


def start(seed, name="tensorflow", precision="float32", cpu_only=False, threads=None):
    """Configure and import Keras, seed it, and return the module; layers are then named as in a new process.

    name: one of NAMES; precision: a dtype policy of Keras (float32, mixed_bfloat16, mixed_float16); threads: how many TensorFlow shares an
    operation among on a CPU, which decides the order of its sums and so the last bits; None: one for each core.
    """
    gc.set_threshold(OBJECTS)
    os.environ["KERAS_BACKEND"] = name
    if cpu_only:
        os.environ["CUDA_VISIBLE_DEVICES"], os.environ["JAX_PLATFORMS"] = "-1", "cpu"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors only
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # off by default on CPUs without AVX-512, where it trains 3 times faster
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX would take three quarters of a shared GPU
    if name == "jax":  # the same bytes from the same inputs on a GPU too
        flags = os.environ.get("XLA_FLAGS", "")
        if "xla_gpu_deterministic_ops" not in flags:
            os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    try:
        with _quiet(), _hidden(module for module in UNUSED if module != name):
            import keras

            keras.utils.clear_session(free_memory=False)  # restarts the numbering of automatic layer names
            keras.config.set_dtype_policy(precision)
            keras.utils.set_random_seed(seed)
    except ImportError as error:
        raise InputError(f"expected {name} to be installed, received: {error}; pip install {name}, or set training.backend") from None
    if name == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        tf.config.threading.set_intra_op_parallelism_threads(threads or 0)
        # Grappler's meta optimizer costs seconds at the start and slows these networks' steps on a CPU.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    return keras


def start_for(settings):
    """Start Keras as a Settings says."""
    return start(settings.seed, settings.backend, settings.precision, settings.devices == "cpu", settings.threads)


def leave(status=0):
    """End a stage's process without Python's own end.

    TensorFlow takes a second for that, and h5py crashes in it where a disk was full; what is to be kept has been written.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def versions(name):
    """Return {package: version} of what computes on the backend `name`."""
    from importlib.metadata import version

    packages = {"tensorflow": ["tensorflow"], "jax": ["jax", "jaxlib"]}[name]
    return {package: version(package) for package in ("keras", "numpy", *packages)}


def value_of(variable):
    """Return a Keras variable as a NumPy array, on any backend, also one that several devices hold."""
    import keras

    return keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(variable))


def ran_out_of_memory(error):
    """Tell whether an exception of any backend says that memory is used up."""
    named = type(error).__name__ in ("ResourceExhaustedError", "OutOfMemoryError")
    return named or isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


@contextlib.contextmanager
def _hidden(modules):
    # An import of None fails as that of a package which is not installed; what was imported before stays.
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


@contextlib.contextmanager
def _quiet():
    # TensorFlow greets on the file descriptor before its log level counts; what it wrote is shown only if the import fails.
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except Exception:  # of an interrupted import there is nothing to say
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
