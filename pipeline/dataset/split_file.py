"""Reads a split's CSV for those who train and test on it."""

import hashlib

import numpy as np
import pandas as pd

from pipeline.common.errors import InputError
from pipeline.dataset.names import TEST, TRAIN, VALIDATION


def read_split(path, emotions, fold=None):
    """Return the split table in `path` with a column `label`, the index of its emotion in `emotions`.

    fold: the fold to test in, where the file is a k-fold split and the row names one. Raises InputError.
    """
    try:
        table = pd.read_csv(path, dtype={"emotion": str, "split": str}, na_filter=False)
    except FileNotFoundError:
        raise InputError(f"expected the split {path}, found none; run `dvc repro balance`") from None
    except ValueError as error:  # pandas' EmptyDataError and ParserError
        raise InputError(f"{path}: expected a table, received: {error}; run `dvc repro balance`") from None
    if not {"face", "emotion", "split", "duplicate"} <= set(table.columns):
        received = ", ".join(table.columns)
        raise InputError(f"{path}: expected columns face, emotion, split and duplicate, received {received}; run `dvc repro balance`")
    if fold is not None:
        if "fold" not in table or not (table.fold == fold).any():
            raise InputError(f"{path}: expected a k-fold split with fold {fold}, received none; set splits.unbalanced to k-fold")
        table["split"] = np.select([table.fold == fold, table.held], [TEST, VALIDATION], TRAIN)
    unknown = sorted(set(table.emotion) - set(emotions))
    if unknown:
        raise InputError(f"{path}: expected emotions {', '.join(emotions)}, received {', '.join(unknown)}; run `dvc repro`")
    return table.assign(label=table.emotion.map({e: index for index, e in enumerate(emotions)}).astype("int64"))


def part(table, name):
    """Return (faces, labels) of one part: two int64 arrays of one length, in the file's order."""
    rows = table[table.split == name]
    return rows.face.to_numpy(), rows.label.to_numpy()


def sha256_of(table):
    """Return 64 hexadecimal digits that stand for the faces and labels of a split's parts, in order, whatever form its file has."""
    arrays = [np.ascontiguousarray(array, "<i8") for name in (TRAIN, VALIDATION, TEST) for array in part(table, name)]
    return hashlib.sha256(b"".join(len(array).to_bytes(8) + array.tobytes() for array in arrays)).hexdigest()
