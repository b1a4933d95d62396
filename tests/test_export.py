import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import export
from pipeline.common.errors import InputError
from pipeline.common.files import write_json
from pipeline.config.scoring import Evaluation, Scoring, TestTimeAugmentation
from pipeline.inference.network import Network
from tests.inference import rows

pytest.importorskip("onnx", reason="the converter is not installed (requirements-predict.txt)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, keras, tiny_settings):
    """A working folder with a scored row of beyond, twelve faces and their split; its test faces' labels are the network's own answers."""
    from pipeline.inference import conversion
    from pipeline.training import backend

    folder = tmp_path_factory.mktemp("export")
    beyond = folder / "beyond"
    settings = rows.write_row(beyond / "models" / "mine", tiny_settings.model_copy(update={"precision": "mixed_bfloat16"}))
    evaluation = Evaluation(batch_size=5, bootstrap=100, confidence=0.95)
    Scoring(tta=TestTimeAugmentation(flip=True), evaluation=evaluation).write(beyond / "models" / "settings" / "scoring" / "mine.json")
    write_json(beyond / "reports" / "rows" / "mine" / "metrics.json", {"accuracy": 0.5, "tta": {"flip": True, "translate": 0}})
    pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 32), dtype=np.uint8)
    (folder / "data" / "rgb").mkdir(parents=True)
    np.save(folder / "data" / "rgb" / "faces.npy", np.repeat(pixels[..., None], 3, axis=-1))
    backend.start_for(conversion.exact(settings))
    answers = conversion.single_view(conversion.exact(settings), beyond / "models" / "mine" / "model.weights.h5").predict(pixels, verbose=0)
    emotions = np.array(rows.EMOTIONS)[answers.argmax(axis=1)]
    emotions[2] = rows.EMOTIONS[1 - answers[2].argmax()]  # the first of the four test faces is called something else
    split = ["test" if face % 3 == 2 else "train" for face in range(12)]
    table = pd.DataFrame({"face": range(12), "emotion": emotions, "split": split, "duplicate": False})
    (folder / "data" / "splits").mkdir()
    table.to_csv(folder / "data" / "splits" / "unbalanced.csv", index=False)
    return folder


def test_export__file_is_scored_beside_keras(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    export.export_row("mine")
    made = Path("beyond/exports/mine")
    metrics = json.loads((made / "metrics.json").read_text())
    assert sorted(path.name for path in made.iterdir()) == ["metrics.json", "model.onnx"]
    assert (metrics["accuracy"], metrics["faces"]) == (0.75, {"test": 4})  # three of four
    assert metrics["interval"][0] < 0.75 < metrics["interval"][1] and metrics["confidence"] == 0.95
    assert metrics["largest_difference"] < 1e-5 and metrics["bytes"] == (made / "model.onnx").stat().st_size
    assert metrics["as_evaluated"] == {"accuracy": 0.5, "tta": {"flip": True, "translate": 0}}
    network = Network(made / "model.onnx", metrics["sha256"])
    assert network.classes == rows.EMOTIONS and network.metadata["row"] == "mine"
    said = capsys.readouterr().out
    assert "75.00 % of 4 test faces, one view a face" in said and re.search(r"; [\d.]+ ms for a face, [\d.]+ for 64$", said.strip())
    before = (made / "metrics.json").read_bytes()
    export.export_row("mine")
    assert (made / "metrics.json").read_bytes() == before  # no time in it: DVC hashes it


def test_export__file_that_answers_otherwise_is_refused_and_not_left(folder, monkeypatch):
    monkeypatch.chdir(folder)
    row = Path("beyond/exports/mine")
    before = sorted(row.iterdir()) if row.exists() else None

    class Off(Network):
        def probabilities(self, faces, tta=None):
            return super().probabilities(faces, tta) + np.float32(0.01)

    monkeypatch.setattr(export, "Network", Off)
    with pytest.raises(InputError, match="expected Keras' probabilities to 0.0001, received one that is 0.01 off"):
        export.export_row("mine")
    assert (sorted(row.iterdir()) if row.exists() else None) == before


def test_export__row_that_was_not_scored_is_refused(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match="found none; run `dvc repro"):
        export.export_row("other")
