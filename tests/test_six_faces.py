"""Six faces through every stage but the training, with tables that can be checked by eye."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline import audit, balance, fetch, report, resolve, to_rgb
from pipeline.common.errors import InputError
from pipeline.common.files import read_json, write_csv
from pipeline.config import params
from pipeline.scoring import outputs

SIDE = 16
# Three happy and one sad face to train, one each to test; the second test face is the sad training face again.
FACES = [("happy", 10, "Training"), ("happy", 20, "Training"), ("happy", 30, "Training"), ("sad", 40, "Training"),
         ("happy", 50, "PublicTest"), ("sad", 40, "PrivateTest")]  # fmt: skip
EMOTIONS = ["happy", "sad"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with params.yaml for the six faces in fer2013.csv."""
    values = yaml.safe_load(open("params.yaml", encoding="utf-8"))
    values["faces"] |= {"emotions": EMOTIONS, "size": SIDE}
    values["sources"]["archive"] |= {"path": "fer2013.csv", "sha256": None, "csv_emotions": ["sad", "happy"]}
    values["profiles"]["demo"] = {"source": "archive", "epochs": {"unbalanced": 2, "balanced": 4}, "max_batch_size": 32}
    values["rows"] = {
        "table2-ResNet50": {"data": "unbalanced", "model": "ResNet50", "optimizer": "sgd", "batch_size": 4},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    for name in ("beyond", "grid"):
        (tmp_path / name).mkdir()
        shutil.copy(f"{name}/params.yaml", tmp_path / name)
    lines = [f"{EMOTIONS[::-1].index(e)},{' '.join([str(gray)] * SIDE * SIDE)},{usage}" for e, gray, usage in FACES]
    (tmp_path / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *lines]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stage"])
    monkeypatch.delenv("FER2013_ARCHIVE", raising=False)
    return tmp_path


def test_fetch__six_faces(folder, capsys):
    fetch.main()
    assert np.load("data/raw/faces.npy")[:, 0, 0].tolist() == [10, 20, 30, 40, 50, 40]
    labels = pd.read_csv("data/raw/labels.csv")
    assert labels.emotion.tolist() == ["happy", "happy", "happy", "sad", "happy", "sad"]
    assert labels.digest[3] == labels.digest[5] and labels.digest.nunique() == 5
    source = json.loads((folder / "data/raw/source.json").read_text())
    assert source["usage"] == {
        "Training": {"happy": 3, "sad": 1},
        "PublicTest": {"happy": 1, "sad": 0},
        "PrivateTest": {"happy": 0, "sad": 1},
    }
    assert not source["expected_counts_met"] and "warning: the counts are not those of fer2013" in capsys.readouterr().out


def test_fetch__bytes_repeat(folder):
    fetch.main()
    before = {path.name: path.read_bytes() for path in (folder / "data/raw").iterdir()}
    fetch.main()
    assert {path.name: path.read_bytes() for path in (folder / "data/raw").iterdir()} == before


def test_fetch__failure_leaves_what_was_there(folder):
    fetch.main()
    before = (folder / "data/raw/faces.npy").read_bytes()
    with open("fer2013.csv", "a", encoding="utf-8") as file:
        file.write("\n0,1 2 3,Training")
    with pytest.raises(InputError, match="fer2013.csv line 8: expected 256 pixels, received 3"):
        fetch.main()
    assert (folder / "data/raw/faces.npy").read_bytes() == before
    assert [path.name for path in (folder / "data").iterdir()] == ["raw"]


def test_fetch__emotion_without_faces_is_refused(folder):
    text = (folder / "params.yaml").read_text().replace("  emotions:\n  - happy\n", "  emotions:\n  - bored\n  - happy\n")
    (folder / "params.yaml").write_text(text)
    with pytest.raises(InputError, match="received none of bored"):
        fetch.main()


def test_fetch__no_archive_says_how_to_name_one(folder):
    (folder / "fer2013.csv").unlink()
    with pytest.raises(InputError, match="FER2013_ARCHIVE"):
        fetch.main()


def test_stages__six_faces_to_a_table(folder, capsys):
    fetch.main()
    to_rgb.main()
    # Undersampling needs a face of each emotion on both sides: two of each do, split in halves.
    text = (folder / "params.yaml").read_text().replace("test_size: 0.2", "test_size: 0.5")
    (folder / "params.yaml").write_text(text)
    balance.main()
    resolve.main()
    unbalanced = pd.read_csv("data/splits/unbalanced.csv")
    assert unbalanced.face.tolist() == [0, 1, 2, 3, 4, 5]
    assert unbalanced.split.tolist() == ["train"] * 4 + ["test"] * 2
    assert unbalanced.duplicate.tolist() == [False] * 5 + [True]
    leaky = pd.read_csv("data/splits/balanced_leaky.csv")
    assert leaky.split.tolist() == ["train"] * 4 + ["test"] * 2 and set(leaky.face[4:]) == {4, 5}
    assert "table2-ResNet50" in capsys.readouterr().out

    # Suppose the network answers happy, happy: 1 of 2 right; without the duplicate 1 of 1.
    settings = resolve.resolve(params.load(), "table2-ResNet50")
    labels, probabilities = np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]], np.float32)
    usage = np.array(["PublicTest", "PrivateTest"])
    scores = outputs.score(labels, probabilities, np.array([False, True]), usage, params.load().evaluation, 0)
    right, wrong = ({"faces": 1, "accuracy": accuracy, "interval": [accuracy, accuracy]} for accuracy in (1.0, 0.0))
    assert scores["parts"] == {"PublicTest": right, "PrivateTest": wrong, "without_duplicates": right}
    about = {
        "first_losses": [0.7],
        "settings": settings.model_dump(),
        "tta": {"flip": False, "translate": 0},
        "faces": {"train": 4, "validation": 0, "test": 2},
        "made_by": read_json("models/settings/inputs/table2-ResNet50.json") | {"source_sha256": None, "machine": None},
        "confidence": 0.95,
        "bootstrap": params.load().evaluation.bootstrap,
        "parameters": 1,
    }
    row = folder / "reports/rows/table2-ResNet50"
    row.mkdir(parents=True)
    predictions = outputs.predictions_table(np.array([4, 5]), unbalanced[4:], usage, probabilities, EMOTIONS)
    outputs.write_row(row, predictions, EMOTIONS, about, scores)
    write_csv(row / "history.csv", pd.DataFrame({"epoch": [1], "loss": [1.0], "accuracy": [0.5]}))
    audit.main()
    report.main()
    table = pd.read_csv("reports/tables/table2.csv", dtype=str, keep_default_na=False).set_index("Models")
    line = table.loc["ResNet50"]
    # macro precision (1/2 + 0) / 2, recall (1 + 0) / 2, F1 (2/3 + 0) / 2
    assert line[["Accuracy", "Precision", "Recall", "F1-score"]].tolist() == ["50.00", "25.00", "50.00", "33.33"]
    assert line[["n", "Chance", "Without duplicates", "Number of Iterations"]].tolist() == ["2", "50.00", "100.00", "1"]
    assert line["Difference"] == "not as the paper: source, split, pretrained, epochs, batch size"
    assert table.loc["Xception", "Accuracy"] == "not run"
    assert sorted(path.name for path in (folder / "reports/figures").glob("*.png")) == sorted(
        f"{name}.png" for name in ("figure1", "figure2", "figure3", "figure4", "curves-table2", "calibration-table2")
    )
    assert json.loads((folder / "reports/metrics.json").read_text())["rows"]["table2-ResNet50"]["accuracy"] == 0.5


def test_report__no_row_is_all_gaps(folder):
    fetch.main()
    audit.main()
    report.main()
    table = pd.read_csv("reports/tables/table3.csv", dtype=str)
    assert set(table.Accuracy) == {"not run"}
