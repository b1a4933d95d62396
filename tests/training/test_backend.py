import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from pipeline.common.errors import InputError
from pipeline.training import backend
from tests.training.small import faces_of_two_kinds, small_network
from tests.training.test_devices import small


def test_jax__trains_weights_that_tensorflow_reads_with_equal_outputs(keras, tmp_path):
    pytest.importorskip("jax", reason="jax is not installed")
    from pipeline.training.steps import make_steps

    trained = small("jax", 1, "float32", tmp_path / "jax.weights.h5")
    model = small_network(keras)
    model.load_weights(tmp_path / "jax.weights.h5")
    logits = make_steps(model).infer(faces_of_two_kinds()[0])
    np.testing.assert_allclose(logits, trained["logits"], atol=1e-4)
    assert trained["logs"][-1]["loss"] < trained["logs"][0]["loss"]


def test_jax__trains_and_evaluates_a_row_that_tensorflow_evaluates_alike(project, tmp_path):
    pytest.importorskip("jax", reason="jax is not installed")
    for name in ("beyond", "grid"):
        (tmp_path / name).mkdir()
    for name in ("pipeline", "data", "params.yaml", "beyond/params.yaml", "grid/params.yaml"):
        (tmp_path / name).symlink_to(project.folder / name)

    def run(stage, backend, *arguments):
        command = [sys.executable, "-m", f"pipeline.{stage}", "--section", "beyond", *arguments]
        environment = os.environ | {"KERAS_BACKEND": backend}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    run("resolve", "jax")
    run("train", "jax", "--row", "leaky")
    found = []
    for name in ("jax", "tensorflow"):
        run("evaluate", name, "--row", "leaky")
        found.append(pd.read_parquet(tmp_path / "beyond" / "reports" / "rows" / "leaky" / "predictions.parquet"))
    emotions = list(found[0].columns[4:])
    np.testing.assert_allclose(found[0][emotions], found[1][emotions], atol=1e-4)
    network = json.loads((tmp_path / "beyond" / "models" / "leaky" / "network.json").read_text())
    assert network["settings"]["backend"] == "jax" and found[0][emotions].to_numpy().std() > 1e-3


def test_hidden__module_is_as_if_not_installed_until_the_end(tmp_path, monkeypatch):
    (tmp_path / "seldom_used.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with backend._hidden(["seldom_used", "os"]), pytest.raises(ImportError):
        import seldom_used
    import seldom_used  # noqa: F811

    assert sys.modules.pop("seldom_used") is seldom_used and sys.modules["os"] is os


def test_chosen__environment_goes_before_settings_outside_dvc(monkeypatch):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert backend.chosen("jax") == "jax"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert backend.chosen("tensorflow") == "jax"
    monkeypatch.setenv("DVC_STAGE", "train@x")
    with pytest.raises(InputError, match="KERAS_BACKEND: expected tensorflow, as the settings say, received jax"):
        backend.chosen("tensorflow")
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    with pytest.raises(InputError, match="expected one of tensorflow, jax, received 'theano'"):
        backend.chosen("tensorflow")


def test_start_for__threads_are_those_of_the_settings(tiny_settings):
    code = (
        "import sys; from pipeline.config.settings import Settings; from pipeline.training import backend\n"
        "backend.start_for(Settings.model_validate_json(sys.argv[1])); import tensorflow as tf\n"
        "print(tf.config.threading.get_intra_op_parallelism_threads())"
    )
    for threads, told in ((3, "3"), (None, "0")):  # 0: TensorFlow's word for one a core
        settings = tiny_settings.model_copy(update={"threads": threads}).model_dump_json()
        done = subprocess.run([sys.executable, "-c", code, settings], capture_output=True, text=True, check=True)
        assert done.stdout.split()[-1] == told


def test_versions__name_what_computes():
    assert set(backend.versions("tensorflow")) == {"keras", "numpy", "tensorflow"}


@pytest.mark.parametrize(
    ("error", "memory"),
    [(MemoryError(), True), (RuntimeError("RESOURCE_EXHAUSTED: out of memory"), True), (RuntimeError("shape"), False)],
)
def test_ran_out_of_memory__of_any_backend(error, memory):
    assert backend.ran_out_of_memory(error) is memory


def test_leave__what_was_printed_is_out_and_nothing_runs_after_it():
    code = "import atexit; atexit.register(print, 'late'); from pipeline.training import backend; print('said', end=''); backend.leave()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "said", "")
