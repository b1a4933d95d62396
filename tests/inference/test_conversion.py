import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.inference import conversion
from pipeline.inference.network import Network
from tests.inference import rows

onnx = pytest.importorskip("onnx", reason="the converter is not installed (requirements-predict.txt)")
AGAIN = """
import sys
from pathlib import Path
from pipeline.config.settings import Trained
from pipeline.inference import conversion
from pipeline.training import backend
settings = conversion.exact(Trained.read(Path(sys.argv[1]) / "network.json").settings)
backend.start_for(settings)
model = conversion.single_view(settings, Path(sys.argv[1]) / "model.weights.h5")
conversion.convert(model, conversion.metadata_of(settings, "0" * 64), sys.argv[2])
"""
# More than a batch of Network's; hardly off mid-gray, for on other faces this row is sure of one answer.
FACES = np.random.default_rng(0).integers(116, 140, (70, 1, 1), dtype=np.uint8) + np.random.default_rng(1).integers(
    0, 3, (70, 32, 32), dtype=np.uint8
)


@pytest.fixture(scope="module")
def row(tmp_path_factory, keras, tiny_settings):
    """The folder of a row with an ONNX file, and the model that it was made of."""
    from pipeline.training import backend

    folder = tmp_path_factory.mktemp("rows") / "tiny"
    settings = conversion.exact(rows.write_row(folder, tiny_settings))
    backend.start_for(settings)
    model = conversion.single_view(settings, folder / "model.weights.h5")
    conversion.convert(model, conversion.metadata_of(settings, "0" * 64), folder / "model.onnx")
    return folder, model


def test_convert__answers_as_keras_does(row):
    folder, model = row
    given, received = model.predict(FACES, verbose=0), Network(folder / "model.onnx").probabilities(FACES)
    assert received.dtype == np.float32 and np.abs(given - received).max() < 1e-5
    assert received[:, 0].std() > 0.05 and np.abs(received.sum(axis=1) - 1).max() < 1e-6


def test_convert__file_says_what_goes_in_and_what_comes_out(row):
    made = onnx.load(row[0] / "model.onnx")
    shapes = [
        (value.name, value.type.tensor_type.elem_type, [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim])
        for value in (*made.graph.input, *made.graph.output)
    ]
    assert shapes == [("faces", onnx.TensorProto.UINT8, ["batch", 32, 32]), ("probabilities", onnx.TensorProto.FLOAT, ["batch", 2])]
    said = {entry.key: entry.value for entry in made.metadata_props}
    assert json.loads(said["classes"]) == rows.EMOTIONS and said["weights_sha256"] == "0" * 64
    assert "research" in said["licence"] and "not of what the person feels" in said["meaning"] and "uint8" in said["input"]


def test_convert__another_process_writes_the_same_bytes(row):
    again = row[0] / "again.onnx"
    command = [sys.executable, "-c", AGAIN, str(row[0]), str(again)]
    subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "7"}, check=True, capture_output=True)
    assert again.read_bytes() == (row[0] / "model.onnx").read_bytes()


def test_halve_constants__half_the_bytes_and_nearly_the_same_answers(row, tmp_path):
    whole, half = row[0] / "model.onnx", tmp_path / "half.onnx"
    half.write_bytes(whole.read_bytes())
    conversion.halve_constants(half)
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    given, received = (Network(path).probabilities(FACES) for path in (whole, half))
    assert 0 < np.abs(given - received).max() < 0.01
    kinds = {constant.data_type for constant in onnx.load(half).graph.initializer if len(constant.dims) > 1}
    assert onnx.TensorProto.FLOAT16 in kinds and onnx.TensorProto.FLOAT not in kinds


def test_convert__without_the_converter_says_what_to_do(row, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(InputError, match="expected the packages tf2onnx and onnx, received: .*; run `make install-predict`"):
        conversion.convert(row[1], {}, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("row", ["compact-0", "wide-0"])
def test_kept_file__is_of_the_kept_weights(row):
    from pipeline.common.files import read_json

    folder = f"results/weights/{row}"
    score = read_json(f"{folder}/score.json")
    network = Network(f"{folder}/model.onnx", score["onnx"]["sha256"])
    settings = read_json(f"{folder}/network.json")["settings"]
    assert network.metadata["weights_sha256"] == score["sha256"]
    assert (network.classes, network.side) == (settings["emotions"], settings["face_size"])
