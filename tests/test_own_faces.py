"""Data sets as people have them, from their archive to the splits by the profile own: what it says, and what becomes of each face."""

import io
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from pipeline import audit, balance, fetch, to_rgb
from pipeline.faces import parts
from pipeline.faces.archive import sha256_of
from tests.faces.archives import make_folder, make_zip
from tests.faces.images import encoded

SEVEN = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
RAF_DB = {1: "surprise", 2: "fear", 3: "disgust", 4: "happy", 5: "sad", 6: "angry", 7: "neutral"}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Return fetch, to_rgb and balance of an archive by the profile own: (source.json, labels.csv, {split: table}, what was printed)."""

    def stages(path, **changed):
        values = yaml.safe_load(open("params.yaml", encoding="utf-8"))
        values["profile"] = "own"
        values["sources"]["archive"]["path"] = str(path)
        values["profiles"]["own"] |= changed.pop("profile", {})
        values["sources"]["archive"] |= changed
        work = tmp_path / "work"
        for name in ("beyond", "grid"):
            (work / name).mkdir(parents=True)
            shutil.copy(f"{name}/params.yaml", work / name)
        (work / "params.yaml").write_text(yaml.safe_dump(values))
        monkeypatch.chdir(work)
        monkeypatch.delenv("FER2013_ARCHIVE", raising=False)
        fetch.main()
        said = capsys.readouterr().out.splitlines()
        to_rgb.main()
        balance.main()
        source = json.loads((work / "data/raw/source.json").read_text(encoding="utf-8"))
        labels = pd.read_csv("data/raw/labels.csv", na_filter=False)
        return source, labels, {name: pd.read_csv(f"data/splits/{name}.csv") for name in ("unbalanced", "balanced")}, said

    return stages


def pictures(names, size=48, mode="L", form="PNG"):
    """{name: bytes} of pictures of noise, each its own."""
    random = np.random.default_rng(0)
    shape = (size, size) if mode == "L" else (size, size, 3)
    return {name: encoded(Image.fromarray(random.integers(0, 256, shape).astype(np.uint8)), form) for name in names}


def layout(counts, classes, suffix="png", top=""):
    return [f"{top}{part}{emotion}/{n}.{suffix}" for part, count in counts.items() for emotion in classes for n in range(count)]


def sizes(split):
    return split.split.value_counts().to_dict()


def test_own__kaggles_jonathanoheix_as_it_comes(run, tmp_path):
    # images/train and images/validation, and both a second time under images/images.
    files = pictures(layout({"train/": 6, "validation/": 2}, SEVEN, "jpg"), form="JPEG")
    twice = {f"images/{top}{name}": data for name, data in files.items() for top in ("", "images/")}
    source, labels, splits, said = run(make_zip(tmp_path / "archive.zip", twice))
    assert len(labels) == 56 and labels.usage.value_counts().to_dict() == {"Training": 42, "Test": 14}
    assert sizes(splits["unbalanced"]) == {"train": 42, "test": 14}  # a tenth of 42 is too little to validate seven emotions
    assert source["form"] == "JPEG" and source["remarks"][0] == parts.NO_TEST
    assert source["remarks"][1].startswith("read once: 56 faces that stand twice under one part, folder and file name (first: ")
    assert said[-3:] == ["form: JPEG", *source["remarks"]] and not source["expected_counts_met"]


def test_own__raf_db_with_folders_alone(run, tmp_path):
    files = pictures(layout({"train/": 6, "test/": 2}, "1234567", "jpg", "DATASET/"), 100, "RGB", "JPEG")
    files |= {f"{part}_labels.csv": b"image,label\n1.jpg,5\n" for part in ("train", "test")}
    source, labels, splits, said = run(make_zip(tmp_path / "raf.zip", files), folders=RAF_DB)
    assert labels.usage.value_counts().to_dict() == {"Training": 42, "Test": 14}
    assert {name.split("/")[2]: emotion for name, emotion in zip(labels.name, labels.emotion, strict=True)} == {
        str(number): emotion for number, emotion in RAF_DB.items()
    }
    assert np.load("data/raw/faces.npy").shape == (56, 48, 48)
    assert said[-3] == "form: JPEG" and said[-1] == "skipped, as neither a picture nor a CSV of faces: 2 .csv"


def test_own__faces_in_three_parts_keep_them(run, tmp_path):
    files = pictures(layout({"train/": 6, "val/": 2, "test/": 3}, SEVEN))
    source, labels, splits, said = run(make_folder(tmp_path / "faces", files))
    assert source["usage"].keys() == {"Training", "Test", "Validation"} and source["usage"]["Validation"] == dict.fromkeys(SEVEN, 2)
    names = {
        part: set(labels.name[splits["unbalanced"].face[splits["unbalanced"].split == part]]) for part in ("train", "validation", "test")
    }
    assert [len(names[part]) for part in names] == [42, 14, 21]
    assert all(name.startswith({"train": "train", "validation": "val", "test": "test"}[part]) for part in names for name in names[part])
    assert said[0] == "     angry  train      6  validation      2  test      3" and said[-1] == "form: PNG"


def test_own__faces_without_parts_are_divided_by_percentage(run, tmp_path):
    # Telephones' pictures of two classes of the lab's own, large and in colour.
    files = pictures(layout({"": 20}, ["awake", "tired"], "jpeg"), 300, "RGB", "JPEG")
    faces = {"emotions": ["awake", "tired"], "resize": True, "to_grayscale": True}
    source, labels, splits, said = run(make_folder(tmp_path / "faces", files), profile={"faces": faces})
    assert set(labels.usage) == {""} and sizes(splits["unbalanced"]) == {"train": 28, "validation": 4, "test": 8}
    assert source["usage"] == {"none": {"awake": 20, "tired": 20}} and source["remarks"] == []


def test_own__a_class_is_left_out_and_two_merge(run, tmp_path):
    files = pictures(layout({"train/": 12, "test/": 2}, ["anger", "disgust", "contempt", "happy"]))
    own = {"faces": {"emotions": ["negative", "happy"]}}
    folders = {"anger": "negative", "disgust": "negative", "contempt": None}
    source, labels, splits, said = run(make_folder(tmp_path / "faces", files), profile=own, folders=folders)
    assert source["usage"] == {"Training": {"negative": 24, "happy": 12}, "Test": {"negative": 4, "happy": 2}}
    assert said[-2:] == ["folders read as: anger as negative, disgust as negative", "left out by params.yaml: 14 of contempt"]


def test_own__archive_that_is_not_pinned_is_said_with_its_hash(run, tmp_path):
    path = make_zip(tmp_path / "faces.zip", pictures(layout({"": 20}, SEVEN)))
    source, *_, said = run(path)
    assert source["sha256"] == sha256_of(path) and f"not pinned, so that another archive goes unnoticed: sha256 {source['sha256']}" in said


def test_own__archive_that_is_pinned(run, tmp_path):
    path = make_zip(tmp_path / "faces.zip", pictures(layout({"": 20}, SEVEN)))
    own = yaml.safe_load(open("params.yaml", encoding="utf-8"))["profiles"]["own"]["archive"]
    *_, said = run(path, profile={"archive": own | {"sha256": sha256_of(path)}})
    assert not [line for line in said if "not pinned" in line]


def test_audit__names_blank_faces_and_mirrored_copies(run, tmp_path, capsys):
    # One test face is a training face seen in a mirror, and one training face shows nothing.
    files = pictures(layout({"train/": 6, "test/": 2}, SEVEN))
    mirrored = Image.open(io.BytesIO(files["train/sad/3.png"])).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    files |= {"test/happy/1.png": encoded(mirrored), "train/fear/0.png": encoded(Image.new("L", (48, 48), 99))}
    run(make_folder(tmp_path / "faces", files))
    audit.main()
    said = capsys.readouterr().out.splitlines()[-2:]
    assert said == ["data: 1 test faces have a mirrored copy in training: test/happy/1.png", "data: 1 faces are blank: train/fear/0.png"]
    blank, copies = (pd.read_csv(f"reports/audit/{name}.csv") for name in ("blank", "mirrored"))
    assert blank[["name", "emotion", "usage"]].to_numpy().tolist() == [["train/fear/0.png", "fear", "Training"]]
    assert copies[["name", "emotion", "training_name", "training_emotion", "difference"]].to_numpy().tolist() == [
        ["test/happy/1.png", "happy", "train/sad/3.png", "sad", 0.0]
    ]
    data = json.loads(open("reports/audit/audit.json", encoding="utf-8").read())["data"]
    assert (data["blank_faces"], data["test_faces_with_a_mirrored_copy_in_training"]) == (1, 1)


def test_exp_run__own_faces_with_numbers_for_folders(project, tmp_path):
    # The docs' command as DVC runs it: numbers as keys pass through -S, params.yaml and dvc.lock.
    files = pictures(layout({"train/": 6, "test/": 2}, "1234567", "jpg", "DATASET/"), 100, "RGB", "JPEG")
    archive = make_folder(tmp_path / "raf", files | {"train_labels.csv": b"image,label\n"})
    folders = f"+sources.archive.folders={{{', '.join(f'{number}: {emotion}' for number, emotion in RAF_DB.items())}}}"
    environment = os.environ | {"FER2013_ARCHIVE": str(archive)}
    output = project.run("dvc", "exp", "run", "-S", "profile=own", "-S", folders, "balance", env=environment)
    assert project.ran(output) == {"fetch", "to_rgb", "balance"} and "7 as neutral" in output
    assert "up to date" in project.run("dvc", "status", "balance")
    project.restore()


def test_own__an_emotion_that_one_part_lacks_is_said_at_once(run, tmp_path):
    from pipeline.common.errors import InputError

    names = [name for name in layout({"train/": 6, "test/": 2}, SEVEN) if not name.startswith("train/disgust")]
    with pytest.raises(InputError, match="received disgust in one only; add faces, leave the emotion out"):
        run(make_folder(tmp_path / "faces", pictures(names)))
    source = json.loads(open("data/raw/source.json", encoding="utf-8").read())
    assert source["remarks"] == ["warning: no training faces of disgust; add some, or leave the emotion out of faces.emotions"]
