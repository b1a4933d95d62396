"""python -m pipeline.predict by a row that was trained here, or an ensemble of such."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.common.errors import InputError
from pipeline.inference import conversion
from tests.inference.test_network import brightness
from tests.test_predict import asked


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """A working folder with two trained rows of beyond, whose conversion is a network that says how bright a face is."""
    import yaml

    from tests.training import small

    for path in ("params.yaml", "beyond/params.yaml", "grid/params.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        if path.startswith("beyond"):
            row = {"data": "unbalanced", "model": "Compact", "optimizer": "adam", "batch_size": 16}
            values = {"beyond": {"one": row, "half": row}, "ensembles": {"both": ["one", "half"]}}
        (tmp_path / path).write_text(yaml.safe_dump(values), encoding="utf-8")
    made = []
    for name in ("one", "half"):
        folder = tmp_path / "beyond" / "models" / name
        folder.mkdir(parents=True)
        (folder / "model.weights.h5").write_bytes(name.encode())
        trained = {"settings": small.settings(row=name).model_dump(), "faces_sha256": "", "split_sha256": ""}
        (folder / "network.json").write_text(json.dumps(trained))

    def convert(model, metadata, path):
        made.append(metadata["row"])
        path.parent.mkdir(parents=True, exist_ok=True)
        brightness(path, gain={"one": 1.0, "half": 0.5}[metadata["row"]])

    monkeypatch.setattr(conversion, "single_view", lambda settings, weights: None)
    monkeypatch.setattr(conversion, "convert", convert)
    monkeypatch.setattr("pipeline.training.backend.start_for", lambda settings: None)
    monkeypatch.setenv("FER2013_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.full((4, 4), 255, np.uint8)).save(tmp_path / "bright.png")
    return made


def bright(lines):
    return lines[0]["faces"][0]["probabilities"]["bright"]


def test_predict__trained_row_is_converted_once_and_again_when_its_weights_change(capsys, rows):
    for weights, converted in ((b"one", ["one"]), (b"one", ["one"]), (b"other", ["one", "one"])):
        Path("beyond/models/one/model.weights.h5").write_bytes(weights)
        status, lines, _ = asked(capsys, "bright.png", "--no-detect", "--row", "one")
        assert (status, bright(lines), rows) == (0, 1.0, converted)
    with pytest.raises(InputError, match=r"--row: expected a row that was trained here \(half, one\), received '../one'"):
        asked(capsys, "bright.png", "--row", "../one")


def test_predict__row_that_was_exported_is_not_converted(capsys, rows):
    import onnx

    from pipeline.faces.archive import sha256_of

    path = Path("beyond/exports/one/model.onnx")
    path.parent.mkdir(parents=True)
    exported = onnx.load(brightness(path, gain=0.25))
    for digest, expected in ((sha256_of("beyond/models/one/model.weights.h5"), 0.25), ("0" * 64, 1.0)):  # the second: of other weights
        onnx.helper.set_model_props(exported, {"classes": '["dark", "bright"]', "row": "one", "weights_sha256": digest})
        onnx.save(exported, path)
        assert bright(asked(capsys, "bright.png", "--no-detect", "--row", "one")[1]) == expected


def test_predict__ensemble_is_the_mean_of_its_rows(capsys, rows):
    status, lines, _ = asked(capsys, "bright.png", "--no-detect", "--ensemble", "both")
    assert status == 0 and bright(lines) == 0.75
    with pytest.raises(InputError, match="--ensemble: expected one of both"):
        asked(capsys, "bright.png", "--ensemble", "other")
