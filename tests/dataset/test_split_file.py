import numpy as np
import pandas as pd
import pytest

from pipeline.common.errors import InputError
from pipeline.common.files import write_csv
from pipeline.dataset.split_file import part, read_split
from pipeline.faces import splits

EMOTIONS = ["sad", "happy", "fear"]  # not by the alphabet
TEXT = """face,emotion,split,duplicate
7,happy,train,False
3,sad,train,False
9,fear,validation,False
4,happy,test,True
2,sad,test,False
"""


def written(tmp_path, text=TEXT):
    path = tmp_path / "unbalanced.csv"
    path.write_text(text)
    return path


def error_of(*arguments):
    with pytest.raises(InputError) as error:
        read_split(*arguments)
    return str(error.value)


def k_fold(fold, share=0.4):
    """Nine faces of two emotions, 20 to 28, in three folds."""
    labels = pd.DataFrame({"face": range(20, 29), "emotion": ["happy"] * 6 + ["sad"] * 3, "digest": [f"d{n}" for n in range(9)]})
    return splits.k_fold(labels, 3, fold, None, share, 0)


def test_read_split__labels_by_the_order_of_emotions(tmp_path):
    table = read_split(written(tmp_path), EMOTIONS)
    assert list(table.columns) == ["face", "emotion", "split", "duplicate", "label"]
    assert list(table.label) == [1, 0, 2, 1, 0] and table.label.dtype == np.int64
    assert table.duplicate.dtype == bool and list(table.duplicate) == [False, False, False, True, False]
    assert list(read_split(written(tmp_path), EMOTIONS[::-1]).label) == [1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("name", "faces", "labels"),
    [("train", [7, 3], [1, 0]), ("validation", [9], [2]), ("test", [4, 2], [1, 0]), ("none", [], [])],
)
def test_part__in_the_files_order(tmp_path, name, faces, labels):
    received = part(read_split(written(tmp_path), EMOTIONS), name)
    assert [list(array) for array in received] == [faces, labels]
    assert all(isinstance(array, np.ndarray) and array.dtype == np.int64 for array in received)


def test_read_split__emotions_not_in_the_file(tmp_path):
    assert len(read_split(written(tmp_path), [*EMOTIONS, "disgust"])) == 5


@pytest.mark.parametrize(("emotions", "received"), [(["sad", "happy"], "fear"), (["fear", "Sad"], "happy, sad")])
def test_read_split__unknown_emotions(tmp_path, emotions, received):
    path = written(tmp_path)
    assert error_of(path, emotions) == f"{path}: expected emotions {', '.join(emotions)}, received {received}; run `dvc repro`"


def test_read_split__no_file(tmp_path):
    path = tmp_path / "unbalanced.csv"
    assert error_of(path, EMOTIONS) == f"expected the split {path}, found none; run `dvc repro balance`"


def test_read_split__as_written(tmp_path):
    path = tmp_path / "unbalanced.csv"
    table = k_fold(1)
    write_csv(path, table)
    assert read_split(path, EMOTIONS).drop(columns="label").equals(table)


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("fold", [0, 1, 2])
def test_read_split__another_fold_as_if_split_for_it(tmp_path, fold, share):
    # One file, of fold 0, serves the rows of every fold.
    path = tmp_path / "unbalanced.csv"
    write_csv(path, k_fold(0, share))
    table, expected = read_split(path, EMOTIONS, fold), k_fold(fold, share)
    assert list(table.split) == list(expected.split) and list(table.duplicate) == list(expected.duplicate)
    assert list(part(table, "test")[0]) == list(expected.face[expected.fold == fold])


def test_read_split__fold_zero_is_a_fold(tmp_path):
    # Of a file for fold 2, fold 0 is asked for; 0 is not "no fold".
    path = tmp_path / "unbalanced.csv"
    write_csv(path, k_fold(2))
    assert list(read_split(path, EMOTIONS, 0).split) == list(k_fold(0).split)
    assert list(read_split(path, EMOTIONS).split) == list(k_fold(2).split)


def test_read_split__fold_of_a_split_without_folds(tmp_path):
    path = written(tmp_path)
    for fold in (0, 1):
        message = error_of(path, EMOTIONS, fold)
        assert message == f"{path}: expected a k-fold split with fold {fold}, received none; set splits.unbalanced to k-fold"


def test_read_split__fold_that_is_not_there(tmp_path):
    path = tmp_path / "unbalanced.csv"
    write_csv(path, k_fold(0))
    assert error_of(path, EMOTIONS, 3).startswith(f"{path}: expected a k-fold split with fold 3, received none")


@pytest.mark.parametrize("emotion", ["null", "None", "NA"])
def test_read_split__emotion_that_pandas_takes_for_nothing(tmp_path, emotion):
    # params.yaml allows each of them as a name.
    table = read_split(written(tmp_path, f"face,emotion,split,duplicate\n7,{emotion},train,False\n"), [emotion, "sad"])
    assert list(table.label) == [0]


@pytest.mark.parametrize("text", ["", "face,split\n7,train\n"], ids=["empty", "no emotion"])
def test_read_split__no_table(tmp_path, text):
    assert "unbalanced.csv" in error_of(written(tmp_path, text), EMOTIONS)
