import io
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.dataset.labels import FaceWriter, read_labels
from pipeline.faces import archive, reading
from pipeline.faces.data_audit import audit, blank, groups, mirrored
from pipeline.faces.seen import Seen
from tests.faces.images import encoded

# Pictures 1, 2 and 3: faces 0, 3 and 5 share picture 1 (two emotions), faces 1 and 4 picture 2 (one emotion).
LABELS = pd.DataFrame(
    {
        "face": range(6),
        "emotion": ["sad", "happy", "sad", "angry", "happy", "sad"],
        "usage": ["Training", "Training", "Training", "PublicTest", "PrivateTest", "PrivateTest"],
        "digest": [1, 2, 3, 1, 2, 1],
    }
)


def test_audit__six_faces_by_hand():
    assert audit(LABELS, ["angry", "happy", "sad", "fear"]) == {
        "faces": 6,
        "distinct_pictures": 3,
        "faces_in_groups": 5,
        "groups": 2,
        "conflicting_groups": 1,
        "test_faces": 3,
        "test_faces_with_a_duplicate_in_training": 3,
        "emotions": {"angry": 1, "happy": 2, "sad": 3, "fear": 0},
    }


def test_groups__faces_of_one_picture_stand_together():
    repeated = groups(LABELS)
    assert repeated.face.tolist() == [0, 3, 5, 1, 4]
    assert repeated.conflict.tolist() == [True, True, True, False, False]


def test_audit__nothing_repeated():
    assert audit(LABELS.iloc[:3], ["sad"])["groups"] == 0 and groups(LABELS.iloc[:3]).empty


def faces(count, size=48, seed=0):
    """Pictures that are smooth, as faces are: 6 x 6 cells of random gray, enlarged."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 6, 6)).astype(np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((size, size), Image.Resampling.BICUBIC)) for one in coarse])


def labelled(usages):
    return pd.DataFrame({"face": range(len(usages)), "emotion": "sad", "usage": usages, "digest": range(len(usages))})


def test_blank__one_gray_or_nearly():
    pixels = faces(5)
    pixels[1] = 0
    pixels[3] = 200
    pixels[3, :4, :4] = 208  # as JPEG leaves it
    pixels[4] = 100
    pixels[4, 0, 0] = 109
    assert blank(labelled(["Training"] * 5), pixels).face.tolist() == [1, 3]


@pytest.mark.parametrize("size", [16, 48, 50, 99])
def test_mirrored__exact_copies_by_hand(size):
    # Face 0 is tested and stands mirrored as face 5 in training; 1 stands there as it is, 2 mirrored in test only.
    pixels = faces(8, size)
    usages = ["PublicTest", "Test", "PrivateTest", "Training", "Training", "Training", "Test", "Validation"]
    pixels[5], pixels[4], pixels[6] = pixels[0, :, ::-1], pixels[1], pixels[2, :, ::-1]
    found = mirrored(labelled(usages), pixels)
    assert found.to_dict("records") == [{"face": 0, "emotion": "sad", "training_face": 5, "training_emotion": "sad", "difference": 0.0}]


def test_mirrored__copies_saved_as_jpeg_once_more(monkeypatch):
    from pipeline.faces import data_audit

    monkeypatch.setattr(data_audit, "CHUNK", 7)
    pixels = faces(80)
    for face in range(20):
        pixels[60 + face] = np.asarray(Image.open(io.BytesIO(encoded(Image.fromarray(pixels[face, :, ::-1]), "JPEG"))))
    found = mirrored(labelled(["Test"] * 40 + ["Training"] * 40), pixels)
    assert found.face.tolist() == list(range(20)) and found.training_face.tolist() == list(range(60, 80))
    assert 0 < found.difference.max() <= 6


def test_mirrored__blank_and_symmetric_pictures_are_none():
    pixels = faces(4)
    pixels[0] = pixels[2] = 128
    pixels[1] = pixels[3] = np.concatenate([pixels[1][:, :24], pixels[1][:, :24][:, ::-1]], axis=1)
    labels = labelled(["Test", "Test", "Training", "Training"]).assign(digest=[0, 1, 0, 1])
    found = mirrored(labels, pixels)
    assert found.empty and list(found) == ["face", "emotion", "training_face", "training_emotion", "difference"]


@pytest.mark.parametrize("usage", ["Training", "Test", ""])
def test_mirrored__of_one_part(usage):
    assert mirrored(labelled([usage] * 3), faces(3)).empty


def test_audit__of_the_real_archive(tmp_path):
    path = os.environ.get("FER2013_TEST_ARCHIVE")
    if not path:
        pytest.skip("FER2013_TEST_ARCHIVE names no archive of FER-2013")
    from pathlib import Path

    from pipeline.config import params

    loaded = params.load()
    with archive.entries(Path(path), 2**32) as listing, FaceWriter(tmp_path, 48) as writer:
        for chunk in reading.read(Path(path).name, listing, loaded.faces, loaded.sources.archive, Seen()):
            writer.append(*chunk)
    found = audit(read_labels(tmp_path / "labels.csv"), loaded.faces.emotions)
    # Counted before on the same archive by other means.
    assert (found["faces"], found["distinct_pictures"], found["faces_in_groups"]) == (35_887, 34_034, 3_369)
    assert (found["groups"], found["conflicting_groups"], found["test_faces_with_a_duplicate_in_training"]) == (1_516, 57, 568)
    assert found["emotions"]["disgust"] == 547 and found["test_faces"] == 7_178
    pixels = np.load(tmp_path / "faces.npy", mmap_mode="r")
    labels = read_labels(tmp_path / "labels.csv")
    assert len(blank(labels, pixels)) == 13 and mirrored(labels, pixels).empty
