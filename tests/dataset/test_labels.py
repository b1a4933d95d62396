import csv
import hashlib

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.dataset import labels as table
from pipeline.dataset.labels import FaceWriter, read_labels

# Three faces of 2x2 pixels; the third is a duplicate of the first.
FACES = np.array([[[1, 2], [3, 4]], [[0, 0], [0, 255]], [[1, 2], [3, 4]]], np.uint8)
NAMES, EMOTIONS, USAGES = ["a.png", 'b, "c".png', "d.png"], ["sad", "happy", "sad"], ["Training", "", "PublicTest"]


def write(folder, *chunks):
    with FaceWriter(folder, 2) as writer:
        for chunk in chunks:
            writer.append(*chunk)
        return writer.summary(["happy", "sad", "angry"])


def test_face_writer__faces_and_labels(tmp_path):
    write(tmp_path, (FACES, NAMES, EMOTIONS, USAGES))
    faces = np.load(tmp_path / "faces.npy")
    assert faces.dtype == np.uint8 and np.array_equal(faces, FACES)
    with open(tmp_path / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    digest = hashlib.blake2b(bytes([1, 2, 3, 4]), digest_size=16).hexdigest()
    other = hashlib.blake2b(bytes([0, 0, 0, 255]), digest_size=16).hexdigest()
    assert rows == [
        ["face", "name", "emotion", "usage", "digest"],
        ["0", "a.png", "sad", "Training", digest],
        ["1", 'b, "c".png', "happy", "", other],
        ["2", "d.png", "sad", "PublicTest", digest],
    ]


def test_face_writer__chunks_do_not_matter(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir(), parts.mkdir()
    one = write(whole, (FACES, NAMES, EMOTIONS, USAGES))
    two = write(parts, (FACES[:1], NAMES[:1], EMOTIONS[:1], USAGES[:1]), (FACES[1:], NAMES[1:], EMOTIONS[1:], USAGES[1:]))
    assert one == two
    for name in ("faces.npy", "labels.csv"):
        assert (whole / name).read_bytes() == (parts / name).read_bytes()


def test_face_writer__summary_in_a_fixed_order(tmp_path):
    summary = write(tmp_path, (FACES, NAMES, EMOTIONS, USAGES))
    assert summary == {
        "faces": 3,
        "usage": {
            "Training": {"happy": 0, "sad": 1, "angry": 0},
            "PublicTest": {"happy": 0, "sad": 1, "angry": 0},
            "none": {"happy": 1, "sad": 0, "angry": 0},
        },
    }
    # The file source.json is compared by hash, so the order counts as well; "" came before PublicTest.
    assert list(summary["usage"]) == ["Training", "PublicTest", "none"] and list(summary["usage"]["none"]) == ["happy", "sad", "angry"]


def test_face_writer__counts_over_chunks(tmp_path):
    chunk = FACES, NAMES, ["sad", "happy", "sad"], ["Test"] * 3
    assert write(tmp_path, chunk, chunk) == {"faces": 6, "usage": {"Test": {"happy": 2, "sad": 4, "angry": 0}}}


def test_face_writer__nothing_written(tmp_path):
    assert write(tmp_path) == {"faces": 0, "usage": {}}
    assert np.load(tmp_path / "faces.npy").shape == (0, 2, 2)
    assert (tmp_path / "labels.csv").read_bytes() == b"face,name,emotion,usage,digest\n"


def test_face_writer__unequal_lengths(tmp_path):
    with pytest.raises(ValueError, match="argument 4 is shorter"):
        write(tmp_path, (FACES, NAMES, EMOTIONS, USAGES[:2]))


def test_read_labels__what_was_written(tmp_path):
    write(tmp_path, (FACES, NAMES, EMOTIONS, USAGES))
    labels = read_labels(tmp_path / "labels.csv")
    assert labels.face.dtype == np.int64 and list(labels.face) == [0, 1, 2]
    assert [list(labels[column]) for column in ("emotion", "usage")] == [EMOTIONS, USAGES]  # "" stays ""
    assert labels.digest[0] == labels.digest[2] != labels.digest[1]


def test_read_labels__more_rows_than_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "CHUNK", 2)
    write(tmp_path, (FACES, NAMES, EMOTIONS, USAGES))
    labels = read_labels(tmp_path / "labels.csv")
    assert list(labels.face) == list(labels.index) == [0, 1, 2] and list(labels.emotion) == EMOTIONS
    assert labels.digest[0] == labels.digest[2] != labels.digest[1]


def test_read_labels__digests_that_look_like_numbers_stay_apart(tmp_path):
    # Read without care, the first two were infinity.
    rows = [f"{face},n,sad,,{digest}" for face, digest in enumerate(["12e45678", "13e45678", "1", "01"])]
    (tmp_path / "labels.csv").write_text("\n".join(["face,name,emotion,usage,digest", *rows]) + "\n")
    assert read_labels(tmp_path / "labels.csv").digest.nunique() == 4


@pytest.mark.parametrize("values", [["NA", "null", "", "nan"], ["007", "1", "0", "0001"], ["True", "1e3", "inf", "12e45678"]])
def test_read_labels__texts_stay_texts(tmp_path, values):
    # Read without care, these were missing values, numbers and truth values.
    path = tmp_path / "labels.csv"
    path.write_text(f"face,name,emotion,usage,digest\n0,{','.join(values)}\n")
    labels = read_labels(path)
    assert labels[["emotion", "usage"]].to_numpy().tolist() == [values[1:3]] and list(labels.face) == [0]


def test_read_labels__no_file(tmp_path):
    with pytest.raises(InputError, match=r"expected the file .*labels\.csv, found none; run `dvc repro`"):
        read_labels(tmp_path / "labels.csv")


@pytest.mark.parametrize(
    "header",
    [
        "face,name,emotion,usage",
        "face,name,emotion,digest,usage",
        "face,name,emotion,usage,digest,more",
        "Face,name,emotion,usage,digest",
    ],
)
def test_read_labels__other_columns(tmp_path, header):
    path = tmp_path / "labels.csv"
    path.write_text(header + "\n")
    with pytest.raises(InputError) as error:
        read_labels(path)
    expected = f"{path}: expected columns face, name, emotion, usage, digest, received {header.replace(',', ', ')}"
    assert str(error.value) == expected


@pytest.mark.parametrize("text", ["", "face,name,emotion,usage,digest\n0,a,sad,,d\n1,b,sad,,d,e\n"], ids=["empty", "ragged"])
def test_read_labels__no_table(tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"labels\.csv"):
        read_labels(path)
