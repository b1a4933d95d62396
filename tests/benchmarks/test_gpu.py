"""The script for a GPU, run whole in a small form by JAX on the CPU, where TensorFlow, DVC and dvclive cannot be imported."""

import os
import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks import gpu, gpu_jobs
from pipeline.common.files import read_json, write_csv
from tests.conftest import ROOT

PARTS = ("PublicTest", "PrivateTest")
NETWORK = "OneConvolution"  # XLA compiles it in a moment


class FakeJobs(gpu.Jobs):
    def __init__(self, folder, found):
        self.folder, self.found = folder, found


def test_average__by_hand(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "SPLIT_FILES", tmp_path)
    faces = {"face": range(4), "emotion": ["sad", "sad", "happy", "happy"], "split": ["train", "test", "test", "test"], "duplicate": False}
    write_csv(tmp_path / "unbalanced.csv", pd.DataFrame(faces))
    emotions = {"settings": {"emotions": ["happy", "sad"]}}
    jobs = FakeJobs(tmp_path, {"compact-0:0:1": emotions, "compact-0:1:1": emotions, "modern-GoogLeNet:0:1": emotions})
    np.save(tmp_path / "compact-0:0:1.npy", np.array([[0.4, 0.6], [0.4, 0.6], [0.4, 0.6]]))
    np.save(tmp_path / "compact-0:1:1.npy", np.array([[0.5, 0.5], [0.7, 0.3], [0.5, 0.5]]))
    # The means are (0.45, 0.55), (0.55, 0.45), (0.45, 0.55) of a sad and two happy faces.
    assert gpu.average(jobs) == {"trainings": ["compact-0:0:1", "compact-0:1:1"], "test_faces": 3, "accuracy": pytest.approx(2 / 3)}
    assert gpu.average(FakeJobs(tmp_path, {"compact-0:0:1": emotions})) is None


@pytest.mark.parametrize(("faces", "batch_size", "kept"), [(28_709, 128, 28_672), (128, 128, 128), (100, 128, 0)])
def test_whole__full_batches(faces, batch_size, kept):
    assert gpu_jobs.whole(np.arange(faces), batch_size) == kept


def test_epoch_gate__waits_once_and_counts_whole_epochs(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", open(os.devnull, encoding="utf-8"))
    gate = gpu_jobs.EpochGate({"started": 0.0, "seconds": 1e9, "batch_size": 4})
    gate(8)
    gate(8)
    assert capsys.readouterr().out == "compiled\n"
    gate.times, gate.images = [1.0, 5.0, 7.0], [8, 8, 8]
    assert gate.figures()["train_per_second"] == 4.0  # the first two epochs are not counted


def test_rows__unknown_row_is_refused(project):
    said = project.run(sys.executable, "-m", "benchmarks.gpu", "--out", "gpu", "--rows", "nobody:0:1", ok=False, env=outside(project))
    assert said == "gpu: --rows: expected ROW:SEED:EPOCHS with a row of beyond/params.yaml, received nobody:0:1\n"


def outside(project):
    """Return an environment in which what a GPU machine lacks cannot be imported."""
    for name in ("tensorflow", "dvc", "dvclive"):
        package = project.folder.parent / "absent" / name
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text(f"raise ImportError('no {name} here')\n")
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(package.parent), str(project.folder), str(ROOT)]), "JAX_PLATFORMS": "cpu"}


def test_main__speeds_and_a_training_without_tensorflow_and_nothing_twice(project, request):
    request.addfinalizer(lambda: project.run("git", "checkout", "--quiet", "beyond/params.yaml"))
    project.edit("beyond/params.yaml", "model: Compact,", f"model: {NETWORK},")
    command = [sys.executable, "-m", "benchmarks.gpu", "--minutes", "6", "--out", "gpu", "--networks", NETWORK, "--precisions", "float32"]
    command += ["--batch-size", "4", "--seconds", "0.1", "--rows", "compact-0:3:1"]
    said = project.run(*command, env=outside(project))
    assert f"plain {NETWORK} float32: " in said and f"ours {NETWORK} float32: " in said and "s of training" in said, said
    found = read_json(project.folder / "gpu" / "gpu.json")
    training = found["compact-0:3:1"]
    assert training["settings"]["backend"] == "jax" and training["settings"]["seed"] == 3 and "tensorflow" not in training["versions"]
    assert training["train_faces"] == 176  # eleven batches of 16 of the 180 training faces
    assert len(np.load(project.folder / "gpu" / "compact-0:3:1.npy")) == sum(training["scores"]["parts"][p]["faces"] for p in PARTS)
    again = project.run(*command, env=outside(project))
    assert again == "" and read_json(project.folder / "gpu" / "gpu.json") == found
