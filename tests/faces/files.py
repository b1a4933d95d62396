"""Reads files made in memory, for the tests of reading."""

import io

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.config.data import Archive, Faces
from pipeline.faces import reading
from pipeline.faces.archive import Entry
from pipeline.faces.seen import Seen

EMOTIONS = ["angry", "happy", "sad"]


CSV_EMOTIONS = ["sad", "angry", "happy"]  # 0, 1, 2: another order than the classes'


NOISE = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (16, 16)).astype(np.uint8)


def settings(**changed):
    return Faces(**({"emotions": EMOTIONS, "size": 16, "resize": False, "to_grayscale": False} | changed))


def pins(**changed):
    """sources.archive with nothing pinned."""
    values = {"path": None, "url": None, "sha256": None, "expected": None, "folders": {}, "csv_emotions": CSV_EMOTIONS}
    return Archive(**(values | {"max_unpacked_bytes": 10**6, "licence": "none"} | changed))


def entries_of(files):
    return [Entry(name, lambda data=data: io.BytesIO(data)) for name, data in sorted(files.items())]


def read(files, faces=None, seen=None, **archive):
    """[(top left pixel, name, emotion, usage)] of {name: bytes}, all pixels checked to be 16x16 uint8; archive: of sources.archive."""
    rows = []
    for pixels, *labels in reading.read("fer.zip", entries_of(files), faces or settings(), pins(**archive), seen or Seen()):
        assert pixels.shape[1:] == (16, 16) and pixels.dtype == np.uint8
        rows += [(int(face[0, 0]), *label) for face, *label in zip(pixels, *labels, strict=True)]
    return rows


def face_of(name, data, faces=None):
    """The pixels of the one face in a file."""
    ((pixels, *_),) = reading.read("x", entries_of({name: data}), faces or settings(), pins(), Seen())
    assert len(pixels) == 1
    return pixels[0]


def lines_of(files, faces=None, **archive):
    """What a reading says besides the faces."""
    seen = Seen()
    read(files, faces, seen, **archive)
    return seen.lines()


def error_of(*arguments, **named):
    with pytest.raises(InputError) as error:
        read(*arguments, **named)
    return str(error.value)
