"""Reads pictures that somebody has: any common format and mode, upright, nothing absurdly large."""

import dataclasses
import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

# Raster formats whose decoders are in the wheel; none that starts a program (EPS), draws pages (PDF) or follows references.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM")
SUFFIXES = frozenset(".jpg .jpeg .jpe .jfif .mpo .png .gif .bmp .tif .tiff .webp .avif .ppm .pgm .pbm".split())
MAX_PIXELS = 100_000_000
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, OverflowError, Image.DecompressionBombError)


class Unreadable(Exception):
    """A file that is no picture, or a broken one. The message is what was expected and what was received."""


@dataclasses.dataclass
class Picture:
    """An upright picture: `image` is of mode L or RGB; `note` tells what of the file was not read, or is empty."""

    image: Image.Image
    note: str = ""

    def gray(self):
        """Return (height, width) uint8: luma of ITU-R 601, 0 black to 255 white."""
        return np.asarray(self.image.convert("L"))


def read(path):
    """Return the Picture in a file, or raise Unreadable. Of an animation it is the first frame."""
    path = Path(path)
    if not path.is_file():
        raise Unreadable("expected a file, received " + ("something else" if path.exists() else "none of that name"))
    if not path.stat().st_size:
        raise Unreadable("expected a picture, received an empty file")
    Image.init()  # registers all formats; until then only the commonest are known
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's on large pictures and odd metadata; the check below is stricter
        try:
            with Image.open(path, formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise Unreadable(_too_large(f"{opened.width} x {opened.height}"))
                animated = opened.format != "MPO" and getattr(opened, "is_animated", False)
                opened.seek(0)
                opened.load()
                return Picture(flat(upright(opened)), "the first of several frames" if animated else "")
        except Image.DecompressionBombError:
            raise Unreadable(_too_large("more")) from None
        except Image.UnidentifiedImageError:
            raise Unreadable(f"expected a picture ({', '.join(FORMATS)}), received something else") from None
        except BROKEN as error:
            raise Unreadable(f"expected a whole picture, received: {' '.join(str(error).split())}") from None


def _too_large(received):
    return f"expected at most {MAX_PIXELS:,} pixels, received {received}"


def upright(image):
    """Return an image turned as its EXIF orientation says; broken EXIF is as none."""
    try:
        return ImageOps.exif_transpose(image)
    except BROKEN:
        return image


def flat(image):
    """Return an image of any mode as L or RGB, 8 bits; what is transparent is laid on white. Raises ValueError for float pixels."""
    if image.mode == "F":
        raise ValueError("pixels as floating point numbers, whose white is not known")
    if image.mode.startswith("I"):  # 16 bits; Pillow's own conversion would clip at 255
        return Image.fromarray((np.clip(np.asarray(image, np.int64), 0, 65535) // 257).astype(np.uint8))
    if image.mode in ("1", "L"):
        return image.convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    return image.convert("L" if image.mode in ("LA", "La") else "RGB")
