import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline import weights
from pipeline.common.errors import InputError
from pipeline.common.files import write_json
from pipeline.config import params as parameters
from pipeline.config.scoring import Scoring, TestTimeAugmentation
from pipeline.config.settings import Trained

EMOTIONS = ["angry", "happy"]


@pytest.fixture
def folder(tmp_path, monkeypatch, keras, tiny_settings):
    """A working folder with a row of beyond, its faces, and the same faces as an archive; returns the params."""
    from pipeline.networks.shared.classifier import build

    params = parameters.load()
    pins = params.sources.archive.model_copy(update={"sha256": None, "path": str(tmp_path / "archive")})
    faces = params.faces.model_copy(update={"emotions": EMOTIONS, "size": 32})
    sources = params.sources.model_copy(update={"archive": pins})
    params = params.model_copy(update={"faces": faces, "sources": sources, "profile": "full"})
    pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 32)).astype(np.uint8)
    table = []
    for face, gray in enumerate(pixels):
        part, emotion = ("train", "test")[face % 3 == 0], EMOTIONS[face % 2]
        place = tmp_path / "archive" / part / emotion
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(gray).save(place / f"{face:02}.png")
        table.append(
            {"face": face, "name": str(face), "emotion": emotion, "usage": {"train": "Training", "test": "Test"}[part], "digest": ""}
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_ARCHIVE", raising=False)
    write_json(weights.RAW / "source.json", {"source": "archive"})
    weights.RGB.mkdir(parents=True)
    np.save(weights.FACES, np.repeat(pixels[..., None], 3, axis=-1))
    pd.DataFrame(table).to_csv(weights.RGB / "labels.csv", index=False)
    row = weights.BEYOND.models / "mine"
    row.mkdir(parents=True)
    settings = tiny_settings.model_copy(update={"model": "Compact", "emotions": EMOTIONS})
    Trained(settings=settings, faces_sha256="", split_sha256="").write(row / "network.json")
    scoring = Scoring(tta=TestTimeAugmentation(flip=True), evaluation=params.evaluation)
    scoring.write(weights.BEYOND.models / "settings" / "scoring" / "mine.json")
    model = build(settings)
    given = np.random.default_rng(1)
    model.get_layer("logits").set_weights([given.normal(0, 1, (256, 2)), np.zeros(2)])
    model.save_weights(row / "model.weights.h5")
    return params


def test_check__kept_weights_score_on_an_archive_what_was_recorded(folder, capsys):
    weights.keep("mine", folder)
    score = json.loads(Path("results/weights/mine/score.json").read_text())
    assert score["test_faces"] == 4 and score["accuracy"] == score["right"] / 4
    onnx = score["onnx"]
    assert onnx["accuracy"] == onnx["right"] / 4 and 0 <= onnx["right_with_test_time_augmentation"] <= 4
    capsys.readouterr()
    assert weights.check("mine", folder) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == ["mine, ONNX, one view a face", "mine", "right of each emotion's faces"]
    assert all("4 test faces right" in line and line.endswith(": equal") for line in said[:2])
    (angry, mistaken), (missed, happy) = (score["confusion"][label].values() for label in EMOTIONS)
    assert angry + mistaken == missed + happy == 2 and angry + happy == score["right"]  # faces 0, 3, 6 and 9: two of each emotion
    assert said[2].endswith(f": angry {angry} of 2, happy {happy} of 2")
    write_json("results/weights/mine/score.json", score | {"onnx": onnx | {"right": (onnx["right"] + 2) % 4}})
    assert weights.check("mine", folder) == 1
    assert "2 faces off" in capsys.readouterr().out.splitlines()[0]
    write_json("results/weights/mine/score.json", score | {"right": (score["right"] + 2) % 4})
    assert weights.check("mine", folder) == 1
    assert "2 faces off" in capsys.readouterr().out


def test_keep__large_weights_are_kept_and_scored_in_float16(folder, monkeypatch, capsys):
    source = weights.BEYOND.models / "mine" / "model.weights.h5"
    monkeypatch.setattr(weights, "MAX_BYTES", source.stat().st_size - 1)
    weights.keep("mine", folder)
    kept = Path("results/weights/mine")
    assert (kept / "model.weights.h5").stat().st_size < 0.52 * source.stat().st_size
    with h5py.File(source) as whole, h5py.File(kept / "model.weights.h5") as half:
        kernel, given = half["layers/dense/vars/0"], whole["layers/dense/vars/0"][()]
        assert kernel.dtype == np.float16 and 0 < np.abs(kernel[()] - given).max() <= np.abs(given).max() * 2**-11
        assert half["layers/dense/vars/1"].dtype == np.float32 and half["layers/dense/vars"].attrs["name"] == "logits"
    assert weights.check("mine", folder) == 0
    assert all(line.endswith(": equal") for line in capsys.readouterr().out.splitlines()[1:3])


def test_check__altered_weights_are_refused_and_not_advised_to_be_pinned(folder):
    weights.keep("mine", folder)
    for name in ("model.onnx", "model.weights.h5"):
        with open(f"results/weights/mine/{name}", "ab") as file:
            file.write(b"x")
        with pytest.raises(InputError, match=f"expected sha256 .* damaged; run `git checkout results/weights/mine/{name}`$"):
            weights.check("mine", folder)


def test_check__faces_of_another_form_are_told_from_rounding(folder, capsys):
    weights.keep("mine", folder)
    path = next(Path("archive/test").rglob("*.png"))
    pixels = np.array(Image.open(path))
    pixels[0, 0] ^= 1  # by one gray level, which changes no answer
    Image.fromarray(pixels).save(path)
    assert weights.check("mine", folder) == 1
    said = capsys.readouterr().out.splitlines()[-2]
    assert "not compared with the recorded" in said and "the pixels are others" in said and "faces off" not in said


def test_sha256_of_faces__order_does_not_count_pixels_and_labels_do():
    pixels, labels = np.random.default_rng(0).integers(0, 256, (3, 2, 2, 3)).astype(np.uint8), np.array([0, 1, 1])
    digest = weights.sha256_of_faces(pixels, labels)
    assert weights.sha256_of_faces(pixels[::-1], labels[::-1]) == digest
    assert weights.sha256_of_faces(pixels, np.array([1, 0, 1])) != digest != weights.sha256_of_faces(pixels ^ 1, labels)


def test_keep__row_that_was_not_trained_or_is_too_large_is_refused(folder, monkeypatch):
    with pytest.raises(InputError, match="run `dvc repro beyond/dvc.yaml:train@other`"):
        weights.keep("other", folder)
    write_json(weights.RAW / "source.json", {"source": "synthetic"})
    with pytest.raises(InputError, match="expected a row trained on real faces, received one on synthetic faces"):
        weights.keep("mine", folder)
    write_json(weights.RAW / "source.json", {"source": "archive"})
    monkeypatch.setattr(weights, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match="at most 2000 bytes, of which git keeps half"):
        weights.keep("mine", folder)
    assert not Path("results/weights").exists()


def test_official_faces__params_may_spell_the_classes_otherwise(folder):
    spelled = folder.model_copy(update={"faces": folder.faces.model_copy(update={"emotions": ["happiness", "anger"]})})
    expected, found = (weights.official_faces(params, EMOTIONS) for params in (folder, spelled))
    assert np.array_equal(expected[0], found[0]) and np.array_equal(expected[1], found[1]) and len(set(found[1])) == 2


def test_official_faces__archive_without_a_test_part_is_refused(folder):
    for path in Path("archive/test").rglob("*.png"):
        path.unlink()
    with pytest.raises(InputError, match="faces marked PublicTest or PrivateTest or Test"):
        weights.official_faces(folder, EMOTIONS)
