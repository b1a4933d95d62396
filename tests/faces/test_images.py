"""What becomes of a picture: upright, flattened, scaled, and of the kinds that are named."""

import io
import random
import warnings

import numpy as np
import pytest
from PIL import Image

from pipeline.common.errors import InputError
from pipeline.faces import images
from pipeline.faces.seen import Seen
from tests.faces.files import NOISE, error_of, settings
from tests.faces.images import picture

ANY = settings(to_grayscale=True, resize=True)


def decode(data, faces=ANY):
    return images.decode("x", data, faces, Seen())


def saved(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


# EXIF's eight orientations: how the upright picture was turned before it was stored.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.T,
    6: lambda upright: np.rot90(upright),
    7: lambda upright: upright[::-1, ::-1].T,
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_decode__exif_orientation(orientation, form):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(np.ascontiguousarray(STORED[orientation](NOISE))), form, exif=exif)
    assert np.array_equal(decode(data, settings()), NOISE)


def test_decode__exif_orientation_of_a_photograph():
    # A telephone's JPEG: the upper half is bright once it stands.
    upright = np.zeros((24, 16), np.uint8)
    upright[:12] = 200
    exif = Image.Exif()
    exif[0x0112] = 6
    face = decode(saved(Image.fromarray(np.rot90(upright)), "JPEG", exif=exif, quality=95))
    assert face[:6].min() > 180 and face[-6:].max() < 20


def test_decode__size_is_the_upright_ones():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.new("L", (20, 16)), exif=exif)
    assert "received 16x20" in error_of({"sad/1.png": data})


def test_decode__damaged_exif_turns_nothing():
    data = saved(Image.fromarray(NOISE), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert np.array_equal(decode(data, settings()), NOISE)


@pytest.mark.parametrize(
    ("mode", "colour", "luma"),
    [
        ("RGBA", (0, 0, 0, 0), 255),  # on white
        ("RGBA", (255, 0, 0, 255), 76),
        ("RGBA", (0, 0, 0, 51), 204),  # a fifth of black
        ("LA", (0, 0), 255),
        ("LA", (40, 255), 40),
    ],
)
def test_decode__transparent_is_white(mode, colour, luma):
    assert set(decode(picture(colour, mode=mode)).ravel()) == {luma}


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_decode__transparent_colour_is_white(mode):
    # A colour that a PNG calls transparent, instead of a channel.
    image = Image.new("RGB", (16, 16), (10, 10, 10))
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    transparent = {"P": image.getpixel((0, 0)), "L": 10, "RGB": (10, 10, 10)}[mode]
    assert set(decode(saved(image, transparency=transparent)).ravel()) == {255}
    assert set(decode(saved(image)).ravel()) == {10}


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("colour", "luma"),
    [((0, 0, 0, 0), 255), ((0, 0, 0, 255), 0), ((255, 0, 0, 0), 179), ((0, 255, 255, 0), 76)],
    ids=["paper", "black", "cyan", "red"],
)
def test_decode__cmyk_as_it_prints(form, colour, luma):
    # Cyan is RGB 0, 255, 255: 0.587 x 255 + 0.114 x 255 = 179. JPEGs store the inks inverted, as Adobe does.
    assert abs(int(decode(picture(colour, mode="CMYK", form=form))[8, 8]) - luma) <= 1


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_decode__sixteen_bits_are_scaled(form):
    gray = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257  # 0 to 65,535
    data = saved(Image.fromarray(gray), form)
    assert np.array_equal(decode(data), np.arange(256).reshape(16, 16))
    with pytest.raises(InputError, match="received mode I;16; set faces.to_grayscale to convert"):
        decode(data, settings())


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_decode__other_depths_are_refused(kind):
    with pytest.raises(InputError, match="expected 8 or 16 bits a channel, received mode [FI]; convert the image"):
        decode(saved(Image.fromarray(NOISE.astype(kind)), "TIFF"))


@pytest.mark.parametrize("form", ["BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"])
def test_decode__kinds_that_are_read(form):
    assert abs(decode(picture(90, form=form)).astype(int) - 90).max() <= 3


@pytest.mark.parametrize("form", ["EPS", "ICO", "TGA", "PCX", "ICNS", "SGI"])
@pytest.mark.parametrize("name", ["1.jpg", "1.png"])
def test_read__other_kinds_under_a_pictures_name(form, name):
    # Pillow would hand an EPS to PostScript's interpreter.
    data = picture(90, 64, 64, "RGB" if form in ("EPS", "PCX") else "L", form)
    assert error_of({f"sad/{name}": data}, ANY) == (
        f"fer.zip: sad/{name}: expected a readable image (JPEG, PNG, BMP, GIF, TIFF, WebP or PGM), received another kind of file; remove "
        "or replace it"
    )


@pytest.mark.parametrize("suffix", ["heic", "AVIF", "jp2"])
def test_read__photographs_of_other_kinds_are_refused_not_skipped(suffix):
    assert f"sad/1.{suffix}: expected a readable image (JPEG, " in error_of({f"sad/1.{suffix}": b"\0\0\0\x18ftypheic"})


@pytest.mark.parametrize("form", ["GIF", "TIFF", "PNG", "WEBP"])
def test_decode__several_pictures_in_one_file(form):
    first, second = Image.new("L", (16, 16), 10), Image.new("L", (16, 16), 200)
    with pytest.raises(InputError, match="x: expected one picture, received 2 in one file; keep one"):
        decode(saved(first, form, save_all=True, append_images=[second]))


def test_decode__telephones_jpeg_with_a_second_picture_behind():
    seen = Seen()
    first, second = Image.new("L", (16, 16), 10), Image.new("L", (16, 16), 200)
    data = saved(first, "MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert images.decode("x", data, ANY, seen)[0, 0] == 10 and seen.form == "JPEG"


def test_decode__large_picture_says_one_line_only(capfd):
    # Pillow warns of its own above 89 million pixels.
    data = saved(Image.new("L", (12_000, 12_000)))
    with warnings.catch_warnings(record=True) as caught, pytest.raises(InputError, match="expected at most 4096 pixels a side"):
        warnings.simplefilter("always")
        decode(data)
    assert caught == [] and capfd.readouterr() == ("", "")


def test_decode__damaged_files_end_in_one_line():
    # Pillow raises errors of many kinds for them; any other would be a traceback.
    given, refused = random.Random(0), 0
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a face"
    for form in ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM"):
        whole = saved(Image.fromarray(NOISE), form, **({"exif": exif} if form in ("JPEG", "PNG", "TIFF", "WEBP") else {}))
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(given.randint(1, 8)):
                data[given.randrange(len(data))] = given.randrange(256)
            try:
                assert decode(bytes(data[: given.randint(1, len(data))] if given.random() < 0.3 else data)).shape == (16, 16)
            except InputError as error:
                refused += "\n" not in str(error)
    assert refused > 50, refused
