"""labels.csv and faces.npy of data/raw: written face by face, so that memory does not grow with their number."""

import csv
import hashlib
import sys
from collections import Counter

import numpy as np
import pandas as pd

from pipeline.common.errors import InputError
from pipeline.dataset.arrays import NpyWriter

COLUMNS = ("face", "name", "emotion", "usage", "digest")
CHUNK = 20_000  # rows of labels.csv parsed at once
USAGES = ("Training", "PublicTest", "PrivateTest", "Test", "")


class FaceWriter:
    """Writes faces.npy (N, size, size) uint8 and labels.csv into a folder, and counts what it wrote."""

    def __init__(self, folder, size):
        self.pixels = NpyWriter(folder / "faces.npy", (size, size), "uint8")
        self.file = open(folder / "labels.csv", "w", newline="", encoding="utf-8")
        self.rows = csv.writer(self.file, lineterminator="\n")
        self.rows.writerow(COLUMNS)
        self.counts = Counter()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.pixels.close()

    def append(self, faces, names, emotions, usages):
        """Append n faces: pixels (n, size, size) uint8, and n strings each."""
        for offset, (face, name, emotion, usage) in enumerate(zip(faces, names, emotions, usages, strict=True)):
            digest = hashlib.blake2b(face.tobytes(), digest_size=16).hexdigest()
            self.rows.writerow((self.pixels.rows + offset, name, emotion, usage, digest))
            self.counts[usage, emotion] += 1
        self.pixels.append(faces)

    def summary(self, emotions):
        """Return {"faces": N, "usage": {usage: {emotion: count}}} in a fixed order."""
        usages = [usage for usage in USAGES if any(key[0] == usage for key in self.counts)]
        by_usage = {usage or "none": {emotion: self.counts[usage, emotion] for emotion in emotions} for usage in usages}
        return {"faces": self.pixels.rows, "usage": by_usage}


def read_labels(path):
    """Return labels.csv as a table: face int64, emotion and usage strings, digest int32 (equal for equal pixels); or raise InputError.

    Read in chunks: names and digests, most of the file, are at no time Python strings for all faces.
    """
    try:
        with pd.read_csv(path, dtype=dict.fromkeys(COLUMNS[1:], str), na_filter=False, index_col=False, chunksize=CHUNK) as chunks:
            parts = [_compact(chunk, path) for chunk in chunks]
    except FileNotFoundError:
        raise InputError(f"expected the file {path}, found none; run `dvc repro`") from None
    except ValueError as error:
        raise InputError(f"{path}: expected a table, received: {error}; run `dvc repro`") from None
    digests = np.unique(np.concatenate([digest for _, digest in parts]), return_inverse=True)[1].astype(np.int32)
    return pd.concat([chunk for chunk, _ in parts], ignore_index=True).assign(digest=digests)


def _compact(chunk, path):
    if tuple(chunk.columns) != COLUMNS:
        raise InputError(f"{path}: expected columns {', '.join(COLUMNS)}, received {', '.join(chunk.columns)}")
    texts = {column: chunk[column].map(sys.intern) for column in ("emotion", "usage")}  # one string object for all equal ones
    return chunk[["face"]].assign(**texts), np.array(chunk.digest, "S")
