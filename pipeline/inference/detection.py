"""Finds upright faces that look at the camera, by OpenCV's cascade of Haar features (Viola and Jones, 2001; Lienhart and Maydt, 2002).

It comes inside the package, and FER-2013's own faces were cut by OpenCV's detector (Goodfellow et al., 2013, section 3.2): its boxes frame
a face as those that the networks learned from. What it was compared with: docs/predict.md.
"""

import dataclasses

import numpy as np
from PIL import Image

from pipeline.common.errors import InputError
from pipeline.inference.network import INSTALL

CASCADE = "haarcascade_frontalface_alt.xml"
NEIGHBOURS, STEP = 3, 1.1  # OpenCV's own: hits that overlap before a face counts; growth of the window
LONGEST = 1280  # pixels: larger pictures are searched at this size
SMALLEST = 40  # pixels of a face there
MARGIN = 0.02  # of the box's side, added at each of its four sides: what FER-2013's own crops have


@dataclasses.dataclass(frozen=True, order=True)
class Box:
    """A square in a picture, in its pixels from the upper left corner."""

    x: int
    y: int
    side: int


class Detector:
    """The cascade, read once."""

    def __init__(self):
        """Read the cascade from the package; raise InputError where there is none."""
        try:
            import cv2

            self._cascade = cv2.CascadeClassifier(cv2.data.haarcascades + CASCADE)
        except (ImportError, AttributeError) as error:  # OpenCV 5 has no cascades
            raise InputError(f"expected the package opencv-python-headless before version 5, received: {error}; {INSTALL}") from None

    def find(self, gray):
        """Return the Box of each face in a picture (height, width) uint8, from left to right."""
        scale = max(1.0, max(gray.shape) / LONGEST)
        if scale > 1:
            size = [max(1, round(edge / scale)) for edge in reversed(gray.shape)]
            gray = np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.BILINEAR))
        found = self._cascade.detectMultiScale(gray, STEP, NEIGHBOURS, minSize=(SMALLEST, SMALLEST))
        return sorted(Box(*(round(scale * int(value)) for value in box[:3])) for box in found)


def whole(gray):
    """Return the largest Box in the middle of a picture (height, width)."""
    height, width = gray.shape
    side = min(height, width)
    return Box((width - side) // 2, (height - side) // 2, side)


def cut(gray, box, side, margin=MARGIN):
    """Return the face in a box of a picture (height, width) uint8 as (side, side) uint8; beyond the edge its pixels go on."""
    extra = round(margin * box.side)
    left, top, length = box.x - extra, box.y - extra, box.side + 2 * extra
    rows, columns = (np.clip(np.arange(start, start + length), 0, edge - 1) for start, edge in zip((top, left), gray.shape, strict=True))
    square = gray[np.ix_(rows, columns)]
    if length == side:
        return square
    return np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BILINEAR))
