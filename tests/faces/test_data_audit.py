import os

import pandas as pd
import pytest

from pipeline.dataset.labels import FaceWriter, read_labels
from pipeline.faces import archive, reading
from pipeline.faces.data_audit import audit, groups
from pipeline.faces.seen import Seen

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
