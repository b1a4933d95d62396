"""One picture file to one gray face, or an InputError that names the file."""

import io
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from pipeline.common.errors import InputError

SUFFIXES = {"BMP": ".bmp .dib", "GIF": ".gif", "JPEG": ".jpg .jpeg .jpe .jfif", "PNG": ".png", "PPM": ".pgm .ppm .pbm .pnm",
            "TIFF": ".tif .tiff", "WEBP": ".webp"}  # fmt: skip
READ = {suffix for suffixes in SUFFIXES.values() for suffix in suffixes.split()}
UNREAD = {*".avif .cr2 .dng .heic .heif .j2k .jp2 .jxl .nef".split()}  # photographs all the same: refused, not skipped
MAX_SIDE = 4096  # pixels of an image before resizing
MAX_BYTES = 1 << 28  # of a picture's file: 4096 x 4096 of the widest pixels
ORIENTATION = 0x0112  # EXIF's tag, and what turns a picture of each value upright
TURN = dict(zip(range(2, 9), [getattr(Image.Transpose, name) for name in (
    "FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")], strict=True))  # fmt: skip
WANTED = "JPEG, PNG, BMP, GIF, TIFF, WebP or PGM"


def decode(where, data, faces, seen):
    """Return the face in a picture file's bytes, (faces.size, faces.size) uint8, upright as EXIF says.

    What is transparent becomes white. Where faces.to_grayscale: colours become luma (ITU-R 601; CMYK by the plain formula, without its
    profile), 16 bits their upper eight. Where faces.resize: bilinear. Raises InputError. seen: counts the forms.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own words on what is checked here, a second line beside ours
            with Image.open(io.BytesIO(data), formats=tuple(SUFFIXES)) as image:
                return _face(where, image, faces, seen)
    except UnidentifiedImageError:
        raise InputError(f"{where}: expected a readable image ({WANTED}), received another kind of file; remove or replace it") from None
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 Pillow raises errors of any kind for damaged files
        said = f"{type(error).__name__}: {error}"
        raise InputError(f"{where}: expected a readable image, received: {said}; remove or replace it") from None


def is_picture(data):
    """Tell whether a file that begins with `data` is a picture that decode reads, whatever it is called."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.open(io.BytesIO(data), formats=tuple(SUFFIXES)).close()
    except Exception:  # noqa: BLE001 as above
        return False
    return True


def _face(where, image, faces, seen):
    form = "JPEG" if image.format == "MPO" else image.format  # MPO: a JPEG with a second picture behind, as telephones write it
    if max(image.size) > MAX_SIDE:
        raise InputError(f"{where}: expected at most {MAX_SIDE} pixels a side, received {image.size}; check the image")
    if form != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise InputError(f"{where}: expected one picture, received {image.n_frames} in one file; keep one")
    seen.forms[form] += 1
    if image.mode != "L" and not faces.to_grayscale:
        raise InputError(
            f"{where}: expected an 8-bit grayscale image (mode L), received mode {image.mode}; set faces.to_grayscale to convert"
        )
    image = _gray(where, _upright(image))
    if image.size != (faces.size, faces.size):
        if not faces.resize:
            raise InputError(
                f"{where}: expected {faces.size}x{faces.size} pixels, received {image.width}x{image.height}; set faces.resize to resize"
            )
        image = image.resize((faces.size, faces.size), Image.Resampling.BILINEAR)
    return np.asarray(image, np.uint8)


def _upright(image):
    image.load()  # a TIFF turns itself here
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 damaged EXIF ends in errors of any kind, and says nothing of the picture
        return image
    return image.transpose(TURN[orientation]) if orientation in TURN else image


def _gray(where, image):
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode[0] in "IF":
        raise InputError(f"{where}: expected 8 or 16 bits a channel, received mode {image.mode}; convert the image")
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image if image.mode == "L" else image.convert("L")
