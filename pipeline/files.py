"""Reading and writing files: always whole or not at all, in chunks where they may be large."""

import contextlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
from platformdirs import user_cache_dir

from pipeline.errors import InputError

HEADER_BYTES = 128  # numpy pads the header of a plain array to this


def cache_folder():
    """Return the folder for downloads and checkpoints: FER2013_CACHE from the environment, or the user's cache."""
    return Path(os.environ.get("FER2013_CACHE") or user_cache_dir("fer2013-pipeline"))


@contextlib.contextmanager
def written(path):
    """Yield a temporary path beside `path` that takes its name when the block ends, and goes when it fails."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    remove(temporary)
    try:
        yield temporary
        if temporary.is_dir():
            remove(path)  # rename cannot replace a folder
        temporary.replace(path)
    finally:
        remove(temporary)


def remove(path):
    """Remove a file or a folder if it is there."""
    path = Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path, value):
    """Write `value` as indented JSON; NaN is refused."""
    with written(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path):
    """Return the value of a JSON file, or raise InputError."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"expected the file {path}, found none; run `dvc repro`") from None
    except ValueError as error:
        raise InputError(f"expected JSON in {path}, received: {error}; remove it and run `dvc repro`") from None


def write_csv(path, table):
    """Write a pandas table as CSV without its index."""
    with written(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


class NpyWriter:
    """Append rows of one dtype and shape to a .npy file whose length is not known before."""

    def __init__(self, path, row_shape, dtype):
        self.file = open(path, "wb")
        self.row_shape, self.dtype, self.rows = tuple(row_shape), np.dtype(dtype), 0
        self.file.write(b"\0" * HEADER_BYTES)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def append(self, rows):
        """Append `rows` of shape (n, *row_shape)."""
        self.file.write(np.ascontiguousarray(rows, self.dtype).data)
        self.rows += len(rows)

    def close(self):
        """Write the header in front and close the file."""
        self.file.seek(0)
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.rows, *self.row_shape)}
        np.lib.format.write_array_header_1_0(self.file, header)
        if self.file.tell() != HEADER_BYTES:
            raise RuntimeError(f"the .npy header took {self.file.tell()} bytes, expected {HEADER_BYTES}")
        self.file.close()


def open_npy(path):
    """Return the array in `path`, mapped read-only into memory, or raise InputError."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"expected the file {path}, found none; run `dvc repro`") from None
    except (ValueError, EOFError) as error:
        raise InputError(f"expected a .npy array in {path}, received: {error}; remove it and run `dvc repro`") from None


def read_npy_in_chunks(path, rows):
    """Yield arrays of at most `rows` rows; read, not mapped, so that memory does not grow with the file."""
    whole = open_npy(path)
    shape, dtype = whole.shape, whole.dtype
    row_bytes = dtype.itemsize * int(np.prod(shape[1:]))
    with open(path, "rb") as file:
        file.seek(whole.offset)
        for start in range(0, shape[0], rows):
            count = min(rows, shape[0] - start)
            yield np.frombuffer(file.read(count * row_bytes), dtype).reshape(count, *shape[1:])
