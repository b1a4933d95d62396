import json
import sys

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.config.scoring import TestTimeAugmentation
from pipeline.inference.network import Ensemble, Network

onnx = pytest.importorskip("onnx", reason="onnx is not installed (requirements-predict.txt)")


def brightness(path, classes=("dark", "bright"), gain=1.0):
    """Write a network that says how bright the first column of a 4 px face is: p(bright) = gain * mean / 255."""
    make, types = onnx.helper, onnx.TensorProto
    nodes = [
        make.make_node("Cast", ["faces"], ["values"], to=types.FLOAT),
        make.make_node("Slice", ["values", "zero", "one", "two"], ["column"]),
        make.make_node("ReduceMean", ["column"], ["mean"], axes=[1, 2], keepdims=0),
        make.make_node("Mul", ["mean", "share"], ["flat"]),
        make.make_node("Unsqueeze", ["flat", "one"], ["bright"]),
        make.make_node("Sub", ["unit", "bright"], ["dark"]),
        make.make_node("Concat", ["dark", "bright"], ["probabilities"], axis=1),
    ]
    integers = [make.make_tensor(name, types.INT64, [1], [value]) for name, value in (("zero", 0), ("one", 1), ("two", 2))]
    floats = [make.make_tensor(name, types.FLOAT, [1], [value]) for name, value in (("share", gain / 255), ("unit", 1.0))]
    faces = make.make_tensor_value_info("faces", types.UINT8, ["batch", 4, 4])
    probabilities = make.make_tensor_value_info("probabilities", types.FLOAT, ["batch", 2])
    graph = make.make_graph(nodes, "brightness", [faces], [probabilities], [*integers, *floats])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    make.set_model_props(model, {"classes": json.dumps(classes), "row": path.stem})
    onnx.save(model, path)
    return path


def faces_with_a_bright_left(count=1):
    faces = np.zeros((count, 4, 4), np.uint8)
    faces[:, :, 0] = 255
    return faces


def test_probabilities__of_one_view_and_of_a_mirrored_one_too(tmp_path):
    network = Network(brightness(tmp_path / "a.onnx"))
    faces = faces_with_a_bright_left()
    assert (network.classes, network.side) == (["dark", "bright"], 4)
    assert network.probabilities(faces).tolist() == [[0, 1]]
    # Mirrored, the first column is black: half of both.
    assert network.probabilities(faces, TestTimeAugmentation(flip=True)).tolist() == [[0.5, 0.5]]


def test_probabilities__any_number_of_faces_in_their_order(tmp_path):
    network = Network(brightness(tmp_path / "a.onnx"))
    faces = np.repeat(np.arange(150, dtype=np.uint8), 16).reshape(150, 4, 4)
    assert network.probabilities(faces)[:, 1] == pytest.approx(np.arange(150) / 255, abs=1e-6)
    assert network.probabilities(faces[:0]).shape == (0, 2)


def test_ensemble__is_the_mean(tmp_path):
    # 1 and a half.
    networks = [Network(brightness(tmp_path / f"{gain}.onnx", gain=gain)) for gain in (1.0, 0.5)]
    assert Ensemble(networks).probabilities(faces_with_a_bright_left()).tolist() == [[0.25, 0.75]]


def test_ensemble__of_other_classes_is_refused(tmp_path):
    networks = [Network(brightness(tmp_path / "a.onnx")), Network(brightness(tmp_path / "b.onnx", ("bright", "dark")))]
    with pytest.raises(InputError, match="same emotions and face size, received a and b"):
        Ensemble(networks)


def test_network__other_hash_is_refused(tmp_path):
    with pytest.raises(InputError, match=f"expected sha256 {'0' * 64}, received [0-9a-f]{{64}}: damaged; run `git checkout"):
        Network(brightness(tmp_path / "a.onnx"), "0" * 64)


def test_network__missing_broken_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="expected the ONNX file .*, found none"):
        Network(tmp_path / "none.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"words")
    foreign = onnx.load(brightness(tmp_path / "foreign.onnx"))
    del foreign.metadata_props[:]
    onnx.save(foreign, tmp_path / "foreign.onnx")
    for name in ("broken", "foreign"):
        with pytest.raises(InputError, match="expected an ONNX file that pipeline.export wrote, received"):
            Network(tmp_path / f"{name}.onnx")


def test_network__without_the_package_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="expected the package onnxruntime, .*make install-predict"):
        Network(tmp_path / "a.onnx")
