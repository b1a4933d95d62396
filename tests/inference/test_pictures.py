import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.inference import pictures
from pipeline.inference.pictures import Unreadable, read

RED = (255, 0, 0)
RED_GRAY = 76  # 0.299 * 255, ITU-R 601


def png_of_size(path, width, height):
    """Write a PNG file that says it is of a size, with no pixels in it."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))


def test_read__exif_orientation_is_applied(tmp_path):
    # Orientation 6: the first row of the file is the right column of the picture.
    stored = Image.new("L", (40, 20), 0)
    stored.paste(255, (0, 0, 40, 10))
    exif = Image.Exif()
    exif[0x0112] = 6
    stored.save(tmp_path / "turned.png", exif=exif)
    gray = read(tmp_path / "turned.png").gray()
    assert gray.shape == (40, 20) and gray[:, :10].max() == 0 and gray[:, 10:].min() == 255


@pytest.mark.parametrize(
    ("mode", "value", "suffix", "gray"),
    [
        ("RGB", RED, "png", RED_GRAY),
        ("RGBA", (0, 0, 0, 0), "png", 255),  # nothing there: white
        ("RGBA", (0, 0, 0, 51), "png", 204),  # a fifth of black on white
        ("LA", (0, 0), "png", 255),
        ("CMYK", (0, 255, 255, 0), "tiff", RED_GRAY),
        ("I;16", 257 * 76, "png", 76),  # not cut at 255
        ("1", 1, "png", 255),
        ("L", 9, "bmp", 9),
    ],
)
def test_read__any_mode(tmp_path, mode, value, suffix, gray):
    path = tmp_path / f"picture.{suffix}"
    Image.new(mode, (8, 6), value).save(path)
    assert np.unique(read(path).gray()).tolist() == [gray]


def test_read__palette_with_a_transparent_colour_lies_on_white(tmp_path):
    image = Image.new("P", (8, 6), 1)
    image.putpalette([0, 0, 0, *RED])
    image.putpixel((0, 0), 0)
    image.save(tmp_path / "palette.png", transparency=0)
    gray = read(tmp_path / "palette.png").gray()
    assert gray[0, 0] == 255 and gray[5, 5] == RED_GRAY


def test_read__animated_gif_is_its_first_frame_and_says_so(tmp_path):
    frames = [Image.new("L", (8, 6), value) for value in (10, 200, 250)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    picture = read(tmp_path / "moving.gif")
    assert picture.note == "the first of several frames" and picture.gray()[0, 0] == 10
    frames[0].save(tmp_path / "still.gif")
    assert read(tmp_path / "still.gif").note == ""


def test_read__twenty_thousand_pixels_wide_is_read(tmp_path):
    Image.new("L", (20_000, 300), 7).save(tmp_path / "wide.png")
    assert read(tmp_path / "wide.png").gray().shape == (300, 20_000)


@pytest.mark.parametrize("side", [20_000, 12_000])  # Pillow alone refuses the first and warns of the second
def test_read__twenty_thousand_pixels_each_way_is_refused_before_it_takes_memory(tmp_path, side):
    png_of_size(tmp_path / "huge.png", side, side)
    with pytest.raises(Unreadable, match="expected at most 100,000,000 pixels, received"):
        read(tmp_path / "huge.png")


def test_read__truncated_jpeg_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    content = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(Unreadable, match="expected a whole picture, received: .*truncated"):
        read(tmp_path / "cut.jpg")


def test_read__file_of_no_bytes_is_refused(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(Unreadable, match="received an empty file"):
        read(tmp_path / "empty.jpg")


@pytest.mark.parametrize("content", [b"%PDF-1.7\n1 0 obj\n", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"words"])
def test_read__pdf_and_other_files_are_refused(tmp_path, content):
    (tmp_path / "picture.png").write_bytes(content)  # whatever its name says
    with pytest.raises(Unreadable, match="expected a picture .*, received something else"):
        read(tmp_path / "picture.png")


def test_read__float_pixels_are_refused(tmp_path):
    Image.new("F", (8, 6), 0.5).save(tmp_path / "float.tiff")
    with pytest.raises(Unreadable, match="floating point"):
        read(tmp_path / "float.tiff")


def test_read__missing_file_and_folder_are_refused(tmp_path):
    for path, received in ((tmp_path / "none.png", "none of that name"), (tmp_path, "something else")):
        with pytest.raises(Unreadable, match=received):
            read(path)


def test_formats__are_all_known_to_pillow():
    Image.init()
    assert set(pictures.FORMATS) <= set(Image.OPEN)
    assert {Image.registered_extensions()[suffix] for suffix in pictures.SUFFIXES - {".mpo"}} <= set(pictures.FORMATS)
