"""Arrays of faces on disk, read and written in pieces, and gray faces as RGB."""

import hashlib

import numpy as np

from pipeline.common.errors import InputError

HEADER_BYTES = 128  # numpy pads the header of a plain array to this


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


def sha256_of(path):
    """Return the SHA-256 of an array's file, or raise InputError."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise InputError(f"expected the file {path}, found none; run `dvc repro`") from None


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


def to_rgb(faces):
    """Return `faces` (n, height, width) uint8 with the gray value in all three channels: (n, height, width, 3) uint8.

    As the ImageNet networks expect them (the paper's section 3.2).
    """
    return np.repeat(faces[..., np.newaxis], 3, axis=-1)
