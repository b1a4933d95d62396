import numpy as np
import pytest

from pipeline.faces import splits
from tests.faces.labels import counts, error_of, faces, part, table

# k_fold


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_k_fold__each_face_tested_once(fold):
    labels = table(happy=9, sad=6)
    split = splits.k_fold(labels, 3, fold, None, 0.0, 0)
    assert list(split.columns) == ["face", "emotion", "split", "duplicate", "fold", "held"]
    assert list(split.face) == list(labels.face) and list(split.emotion) == list(labels.emotion)
    for number in (0, 1, 2):
        assert counts(split[split.fold == number]) == {"happy": 3, "sad": 2}
    assert (split.split == np.where(split.fold == fold, "test", "train")).all()
    assert not split.held.any() and not split.duplicate.any()


def test_k_fold__folds_do_not_depend_on_the_one_tested():
    first, *others = [splits.k_fold(table(happy=9, sad=6), 3, fold, None, 0.4, 0) for fold in range(3)]
    for other in others:
        assert other.drop(columns="split").equals(first.drop(columns="split"))
    tested = [set(part(split, "test").face) for split in (first, *others)]
    assert set.union(*tested) == faces(first) and sum(map(len, tested)) == 15


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_k_fold__held_faces_validate_unless_tested(fold):
    split = splits.k_fold(table(happy=9, sad=6), 3, fold, None, 0.4, 0)
    assert counts(split[split.held]) == {"happy": 4, "sad": 2}  # 0.4 of 15 is 6, as 3.6 and 2.4
    for number, held, name in zip(split.fold, split.held, split.split, strict=True):
        assert name == ("test" if number == fold else "validation" if held else "train")


def test_k_fold__duplicate_has_an_identical_face_in_another_fold_that_trains():
    # Eight pictures of two or three faces each, by the definition: some other face of it, of another fold, that is not held.
    labels = table(happy=12, sad=9)
    labels["digest"] = [f"picture {face % 8}" for face in labels.face]
    split = splits.k_fold(labels, 3, 0, None, 0.4, 0).assign(digest=labels.digest)
    expected = [((split.digest == one.digest) & (split.fold != one.fold) & ~split.held).any() for one in split.itertuples()]
    assert split.duplicate.tolist() == expected and 0 < sum(expected) < len(split)
    assert (split.groupby("digest").held.nunique() == 1).all()  # identical faces validate together


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_k_fold__duplicates_of_a_fold_as_assemble_has_them(fold):
    # Every digest is of two or three faces; the fold's own parts, put together by the other function, give the same duplicates.
    labels = table(happy=12, sad=9)
    labels["digest"] = [f"picture {face % 8}" for face in labels.face]
    split = splits.k_fold(labels, 3, fold, None, 0.4, 0)
    train, test = (labels[labels.face.isin(part(split, name).face)] for name in ("train", "test"))
    expected = splits.assemble(train, test, 0.0, 0)
    received = part(split, "test")
    assert list(received.duplicate) == list(part(expected, "test").duplicate) and received.duplicate.any() and not received.duplicate.all()


def test_k_fold__fewer_faces():
    split = splits.k_fold(table(happy=12, sad=6), 3, 0, 9, 0.0, 0)
    assert counts(split) == {"happy": 6, "sad": 3} and counts(part(split, "test")) == {"happy": 2, "sad": 1}


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((table(happy=2, sad=2), 3, 0, None, 0.0, 0), "splits.folds: expected at least 3 faces of every emotion, received"),
        ((table(happy=9, sad=6), 3, 0, None, 0.05, 0), "profiles validation_share: expected a share with every emotion"),
        ((table(happy=9, sad=6), 3, 0, 1, 0.0, 0), "profiles train_faces: expected "),
    ],
)
def test_k_fold__too_few_faces(arguments, what):
    assert error_of(splits.k_fold, *arguments).startswith(what)


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_k_fold__one_emotion_with_too_few_faces():
    assert "expected at least 5 faces of every emotion" in error_of(splits.k_fold, table(happy=10, sad=2), 5, 0, None, 0.0, 0)
