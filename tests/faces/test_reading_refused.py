import struct
import zipfile
import zlib

import pytest
from PIL import Image, ImageFile

from pipeline.common.errors import InputError
from pipeline.faces import reading
from pipeline.faces.archive import entries
from pipeline.faces.seen import Seen
from tests.faces.files import NOISE, error_of, pins, read, settings
from tests.faces.images import encoded, picture


@pytest.mark.parametrize(("width", "height"), [(32, 32), (8, 8), (16, 20), (17, 16), (4096, 1)])
def test_read__resizing_only_if_allowed(width, height):
    files = {"sad/1.png": picture(50, width, height)}
    assert read(files, settings(resize=True)) == [(50, "sad/1.png", "sad", "")]
    assert error_of(files) == f"fer.zip: sad/1.png: expected 16x16 pixels, received {width}x{height}; set faces.resize to resize"


@pytest.mark.parametrize(
    ("mode", "colour", "luma"),
    [
        ("RGB", (255, 0, 0), 76),  # ITU-R 601: 0.299 red, 0.587 green, 0.114 blue
        ("RGB", (0, 255, 0), 150),
        ("RGB", (0, 0, 255), 29),
        ("RGBA", (255, 0, 0, 255), 76),
        ("LA", (40, 255), 40),
        ("1", 1, 255),
    ],
)
def test_read__colour_only_if_allowed(mode, colour, luma):
    files = {"sad/1.png": picture(colour, mode=mode)}
    assert read(files, settings(to_grayscale=True)) == [(luma, "sad/1.png", "sad", "")]
    assert error_of(files) == (
        f"fer.zip: sad/1.png: expected an 8-bit grayscale image (mode L), received mode {mode}; set faces.to_grayscale to convert"
    )


@pytest.mark.parametrize(("width", "height"), [(4097, 1), (1, 4097)])
def test_read__absurdly_large(width, height):
    message = error_of({"sad/1.png": picture(9, width, height)}, settings(resize=True))
    assert message == f"fer.zip: sad/1.png: expected at most 4096 pixels a side, received {width, height}; check the image"


@pytest.mark.parametrize(
    ("name", "received"),
    [
        ("train/bored/1.png", "1 in bored"),
        ("happy/more/1.png", "1 in more"),
        ("1.png", "1 in no folder"),
        ("happy", "1 in no folder"),  # a picture without a suffix
    ],
)
def test_read__unknown_folder(name, received):
    message = error_of({"angry/1.png": picture(1), name: picture(1)}, folders={"joy": "happy"})
    assert message == (
        f"fer.zip: expected pictures in folders named as an emotion (angry, happy, sad) or as usual for one, received {received}; rename "
        "them, or name their emotion in sources.archive.folders (null leaves one out)"
    )


def test_read__unknown_folders_are_all_named_in_one_message():
    files = {f"{part}/{folder}/1.png": picture(1) for part in ("train", "test") for folder in ("wink", "bored", "sad", "amused")}
    assert "received 6 in amused, bored, wink; " in error_of(files)
    assert "received 9 in a0, a1, a2, a3, a4 and 4 more; " in error_of({f"a{number}/1.png": picture(1) for number in range(9)})


PNG = encoded(Image.fromarray(NOISE))


@pytest.mark.parametrize(
    ("data", "received"),
    [
        (b"", "another kind of file"),
        (b"no image", "another kind of file"),
        (PNG[:20], ""),  # in the header
        (PNG[:-60], ""),  # in the pixels
        (encoded(Image.fromarray(NOISE), "JPEG")[:-60], "truncated"),
        (PNG[:60] + bytes(20) + PNG[80:], ""),  # twenty bytes overwritten
    ],
    ids=["empty", "text", "cut header", "cut pixels", "cut jpeg", "damaged"],
)
def test_read__unreadable_image(data, received):
    message = error_of({"angry/1.png": PNG, "sad/2.png": data})
    assert message.startswith("fer.zip: sad/2.png: expected a readable image")
    assert received in message and message.endswith("; remove or replace it")


def test_read__pixels_of_a_cut_image_are_not_filled_up():
    # Pillow can be told to fill the rest with gray; nothing here may tell it so.
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize(
    ("name", "part", "prefix"),
    [
        ("test/sad/Training_1.png", "test", "Training"),
        ("train/sad/PublicTest_1.png", "train", "PublicTest"),
        ("x/Train/sad/PrivateTest_1.png", "Train", "PrivateTest"),
        ("train/x/sad/PrivateTest_1.png", "train", "PrivateTest"),
    ],
)
def test_read__folder_and_prefix_that_contradict(name, part, prefix):
    message = error_of({name: picture(1)})
    assert message == f"fer.zip: {name}: expected a file of {part}/ to be one by name, received {prefix}_; check the archive"


def test_read__empty_archive():
    assert error_of({}) == "fer.zip: expected images in one folder an emotion, received no files; check the path"


def test_read__aliases_of_unknown_emotions():
    message = error_of({"sad/1.png": picture(1)}, folders={"1": "joyful", "2": "sad", "3": "bored"})
    assert message == "params.yaml: sources.archive.folders: expected emotions of faces.emotions, received bored, joyful"


def test_read__image_with_a_wrong_checksum_in_the_zip(tmp_path):
    # A BMP carries no checksum of its own: the zip's is what notices.
    path = tmp_path / "fer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sad/1.bmp", picture(77, form="BMP") + bytes(1))
    path.write_bytes(path.read_bytes().replace(bytes([77]) * 256, bytes([78]) + bytes([77]) * 255))
    with entries(path, 10**6) as listing, pytest.raises(InputError, match=r"fer\.zip: sad/1\.bmp: .*Bad CRC-32"):
        list(reading.read("fer.zip", listing, settings(), pins(), Seen()))


def test_read__image_damaged_in_the_zip(tmp_path):
    path = tmp_path / "fer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sad/1.bmp", encoded(Image.fromarray(NOISE), "BMP"))
    data = bytearray(path.read_bytes())
    data[39] |= 0x06  # the first byte after header and name: a kind of block that deflate does not have
    path.write_bytes(data)
    with entries(path, 10**6) as listing, pytest.raises(InputError, match=r"fer\.zip: sad/1\.bmp: .*invalid block type"):
        list(reading.read("fer.zip", listing, settings(), pins(), Seen()))


def png_of_size(width, height):
    chunks = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")
    packed = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def test_read__bomb():
    assert "expected" in error_of({"sad/1.png": png_of_size(20000, 20000)})


@pytest.mark.parametrize("name", ["sad/1.png", "fer2013.csv"])
@pytest.mark.parametrize("fault", ["encrypted", "unknown compression"])
def test_read__zip_entry_that_cannot_be_opened(tmp_path, fault, name):
    path = tmp_path / "fer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, picture(9))
    data = bytearray(path.read_bytes())
    offset, value = (6, 1) if fault == "encrypted" else (8, 99)
    data[offset] = data[data.index(b"PK\x01\x02") + offset + 2] = value
    path.write_bytes(data)
    with entries(path, 10**6) as listing, pytest.raises(InputError, match=name):
        list(reading.read("fer.zip", listing, settings(), pins(), Seen()))
