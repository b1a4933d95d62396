"""Reads files made in memory, for the tests of reading."""

import io

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.config.data import Faces
from pipeline.faces import reading
from pipeline.faces.archive import Entry

EMOTIONS = ["angry", "happy", "sad"]


CSV_EMOTIONS = ["sad", "angry", "happy"]  # 0, 1, 2: another order than the classes'


NOISE = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (16, 16)).astype(np.uint8)


def settings(**changed):
    return Faces(**({"emotions": EMOTIONS, "size": 16, "resize": False, "to_grayscale": False} | changed))


def read(files, faces=None, folders=None, csv_emotions=None, source="fer.zip"):
    """[(top left pixel, name, emotion, usage)] of {name: bytes}, all pixels checked to be 16x16 uint8."""
    listing = [Entry(name, lambda data=data: io.BytesIO(data)) for name, data in sorted(files.items())]
    rows = []
    for pixels, *labels in reading.read(source, listing, faces or settings(), folders or {}, csv_emotions or CSV_EMOTIONS):
        assert pixels.shape[1:] == (16, 16) and pixels.dtype == np.uint8
        rows += [(int(face[0, 0]), *label) for face, *label in zip(pixels, *labels, strict=True)]
    return rows


def face_of(name, data, faces=None):
    """The pixels of the one face in a file."""
    ((pixels, *_),) = reading.read("x", [Entry(name, lambda: io.BytesIO(data))], faces or settings(), {}, CSV_EMOTIONS)
    assert len(pixels) == 1
    return pixels[0]


def error_of(*arguments, **named):
    with pytest.raises(InputError) as error:
        read(*arguments, **named)
    return str(error.value)
