import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from pipeline.errors import InputError
from pipeline.faces import reading
from pipeline.faces.archive import Entry, entries
from pipeline.params import Faces

EMOTIONS = ["angry", "happy", "sad"]
CSV_EMOTIONS = ["sad", "angry", "happy"]  # 0, 1, 2: another order than the classes'
NOISE = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (16, 16)).astype(np.uint8)


def settings(**changed):
    return Faces(**({"emotions": EMOTIONS, "size": 16, "resize": False, "to_grayscale": False} | changed))


def encoded(image, form="PNG"):
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def picture(value, width=16, height=16, mode="L", form="PNG"):
    """The bytes of an image of one colour."""
    return encoded(Image.new(mode, (width, height), value), form)


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


def numbers(value, count=256):
    return " ".join([str(value)] * count)


def sheet(*lines, header="emotion,pixels,Usage", name="fer2013.csv"):
    return {name: "".join(f"{line}\n" for line in (header, *lines)).encode()}


# Folders


def test_read__kaggle_layout():
    # The value of the pixels says which file was read.
    files = {
        "test/angry/PrivateTest_4.png": picture(4),
        "test/sad/PublicTest_3.png": picture(3),
        "train/angry/Training_1.png": picture(1),
        "train/happy/Training_2.png": picture(2),
    }
    assert read(files) == [
        (4, "test/angry/PrivateTest_4.png", "angry", "PrivateTest"),
        (3, "test/sad/PublicTest_3.png", "sad", "PublicTest"),
        (1, "train/angry/Training_1.png", "angry", "Training"),
        (2, "train/happy/Training_2.png", "happy", "Training"),
    ]


@pytest.mark.parametrize(
    ("name", "emotion", "usage"),
    [
        ("fer2013/train/happy/Training_1.png", "happy", "Training"),  # in a top folder
        ("a/b/test/happy/PublicTest_1.png", "happy", "PublicTest"),
        ("Train/Happy/Training_1.png", "happy", "Training"),  # capitals
        ("TEST/SAD/1.png", "sad", "Test"),
        ("train/happy/1.png", "happy", "Training"),  # without prefixes
        ("test/happy/im_1.png", "happy", "Test"),
        ("happy/1.png", "happy", ""),  # without a split
        ("validation/happy/1.png", "happy", ""),
        ("happy/PrivateTest_1.png", "happy", "PrivateTest"),  # the prefix alone
        ("train/happy/test/sad/1.png", "sad", "Test"),  # the last two folders count
        ("train/x/sad/1.png", "sad", ""),
        ("train/happy/Trainingday.png", "happy", "Training"),
        ("test/happy/training_1.png", "happy", "Test"),  # a prefix is one in Kaggle's spelling only
    ],
)
def test_read__emotion_and_usage_by_path(name, emotion, usage):
    assert read({name: picture(9)}) == [(9, name, emotion, usage)]


def test_read__classes_in_their_own_spelling():
    assert read({"HAPPY/1.png": picture(9)}, settings(emotions=["Happy", "sad"]))[0][2] == "Happy"


@pytest.mark.parametrize("folder", ["1", "Joy", "joy", "happy"])
def test_read__folder_aliases(folder):
    # The emotion's own name goes on to hold.
    assert read({f"{folder}/1.png": picture(9)}, folders={"1": "happy", "Joy": "happy"}) == [(9, f"{folder}/1.png", "happy", "")]


def test_read__kaggle_jpeg():
    gray = Image.fromarray(np.tile(np.arange(0, 160, 10, np.uint8), (16, 1)))
    assert abs(face_of("sad/1.jpg", encoded(gray, "JPEG")).astype(int) - np.asarray(gray)).max() <= 6  # lossy


def test_read__pixels_unchanged_in_row_and_column():
    # An image that is its own mirror would not show a flip or a turn.
    assert np.array_equal(face_of("sad/1.png", encoded(Image.fromarray(NOISE))), NOISE)


@pytest.mark.parametrize(("width", "height"), [(32, 32), (8, 8), (16, 20), (17, 16), (4096, 1)])
def test_read__resizing_only_if_allowed(width, height):
    files = {"sad/1.png": picture(50, width, height)}
    assert read(files, settings(resize=True)) == [(50, "sad/1.png", "sad", "")]
    assert error_of(files) == f"fer.zip: sad/1.png: expected 16x16 pixels, received {width}x{height}; set faces.resize to resize"


def test_read__resizing_is_bilinear():
    # 32 to 16 with a black and a white half: both stay, the two columns at the edge mix, symmetrically.
    image = np.zeros((32, 32), np.uint8)
    image[:, 16:] = 200
    row = face_of("sad/1.png", encoded(Image.fromarray(image)), settings(resize=True))[5].astype(int)
    assert (row[:7] == 0).all() and (row[9:] == 200).all() and 0 < row[7] < row[8] < 200 and row[7] + row[8] == 200


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


def test_read__colour_and_size_ask_for_both():
    files = {"sad/1.png": picture((9, 9, 9), 32, 32, "RGB")}
    assert "expected 16x16 pixels" in error_of(files, settings(to_grayscale=True))
    assert "received mode RGB" in error_of(files, settings(resize=True))
    assert read(files, settings(resize=True, to_grayscale=True)) == [(9, "sad/1.png", "sad", "")]


@pytest.mark.parametrize(("width", "height"), [(4097, 1), (1, 4097)])
def test_read__absurdly_large(width, height):
    message = error_of({"sad/1.png": picture(9, width, height)}, settings(resize=True))
    assert message == f"fer.zip: sad/1.png: expected at most 4096 pixels a side, received {width, height}; check the image"


def test_read__chunks(monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 2)
    listing = [Entry(f"sad/{number}.png", lambda number=number: io.BytesIO(picture(number))) for number in range(5)]
    chunks = list(reading.read("x", listing, settings(), {}, CSV_EMOTIONS))
    assert [chunk[0][:, 0, 0].tolist() for chunk in chunks] == [[0, 1], [2, 3], [4]]
    assert [len(part) for part in chunks[2]] == [1, 1, 1, 1]


def test_read__lazily():
    # 35,887 faces are not opened before the first is used.
    opened = []

    def opener(number):
        return lambda: opened.append(number) or io.BytesIO(picture(number))

    listing = [Entry(f"sad/{number}.png", opener(number)) for number in range(600)]
    next(reading.read("x", listing, settings(), {}, CSV_EMOTIONS))
    assert len(opened) == 512


@pytest.mark.parametrize(
    ("name", "received"),
    [
        ("train/bored/1.png", "'bored'"),
        ("happy/more/1.png", "'more'"),
        ("readme.txt", "''"),
        ("happy", "''"),
    ],
)
def test_read__unknown_folder(name, received):
    message = error_of({"angry/1.png": picture(1), name: picture(1)}, folders={"joy": "happy"})
    assert message.startswith(f"fer.zip: {name}: expected a folder named as an emotion (angry, happy, joy, sad), received {received};")
    assert message.endswith("rename it or name it in sources.archive.folders")


PNG = encoded(Image.fromarray(NOISE))


@pytest.mark.parametrize(
    ("data", "received"),
    [
        (b"", "cannot identify image file"),
        (b"no image", "cannot identify image file"),
        (PNG[:20], ""),  # in the header
        (PNG[:-60], ""),  # in the pixels
        (encoded(Image.fromarray(NOISE), "JPEG")[:-60], "truncated"),
        (PNG[:60] + bytes(20) + PNG[80:], ""),  # twenty bytes overwritten
    ],
    ids=["empty", "text", "cut header", "cut pixels", "cut jpeg", "damaged"],
)
def test_read__unreadable_image(data, received):
    message = error_of({"angry/1.png": PNG, "sad/2.png": data})
    assert message.startswith("fer.zip: sad/2.png: expected a readable image, received: ")
    assert received in message and message.endswith("; remove or replace it")


def test_read__pixels_of_a_cut_image_are_not_filled_up():
    # Pillow can be told to fill the rest with gray; nothing here may tell it so.
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize(
    ("name", "part", "prefix"),
    [
        ("test/sad/Training_1.png", "test", "Training"),
        ("train/sad/PublicTest_1.png", "train", "PublicTest"),
        ("x/Train/sad/PrivateTest_1.png", "train", "PrivateTest"),
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
        list(reading.read("fer.zip", listing, settings(), {}, CSV_EMOTIONS))


def test_read__image_damaged_in_the_zip(tmp_path):
    path = tmp_path / "fer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sad/1.bmp", encoded(Image.fromarray(NOISE), "BMP"))
    data = bytearray(path.read_bytes())
    data[39] |= 0x06  # the first byte after header and name: a kind of block that deflate does not have
    path.write_bytes(data)
    with entries(path, 10**6) as listing, pytest.raises(InputError, match=r"fer\.zip: sad/1\.bmp: .*invalid block type"):
        list(reading.read("fer.zip", listing, settings(), {}, CSV_EMOTIONS))


# CSVs


def test_read__fer2013_csv():
    files = sheet(f"0,{numbers(7)},Training", f"1,{numbers(8)},PublicTest", f"2,{numbers(255)},PrivateTest")
    assert read(files) == [
        (7, "fer2013.csv:2", "sad", "Training"),
        (8, "fer2013.csv:3", "angry", "PublicTest"),
        (255, "fer2013.csv:4", "happy", "PrivateTest"),
    ]


def test_read__icml_face_data_csv():
    # That file has blanks in its header and another order of columns.
    files = sheet(f"2, Training,{numbers(7)}", header="emotion, Usage, pixels", name="icml_face_data.csv")
    assert read(files) == [(7, "icml_face_data.csv:2", "happy", "Training")]


@pytest.mark.parametrize(
    ("header", "line", "usage"),
    [
        ("pixels,Usage,emotion", f"{numbers(7)},Test,2", "Test"),
        ("emotion,pixels", f"2,{numbers(7)}", ""),
        ("emotion,pixels,Usage", f"2,{numbers(7)},", ""),
        ("emotion,pixels,Usage", f' 2 ,"{numbers(7)}", PublicTest ', "PublicTest"),
        ("\ufeffemotion,pixels,Usage", f"2,  {numbers(7)}  ,Training", "Training"),  # a byte order mark, as Excel writes
    ],
)
def test_read__csv_forms(header, line, usage):
    assert read(sheet(line, header=header)) == [(7, "fer2013.csv:2", "happy", usage)]


def test_read__csv_with_windows_line_ends():
    files = {"fer2013.csv": sheet(f"2,{numbers(7)},Training", f"2,{numbers(8)},Training")["fer2013.csv"].replace(b"\n", b"\r\n")}
    assert [row[:2] for row in read(files)] == [(7, "fer2013.csv:2"), (8, "fer2013.csv:3")]


def test_read__csv_pixels_row_by_row():
    data = sheet(f"0,{' '.join(map(str, NOISE.ravel()))},Test")["fer2013.csv"]
    assert np.array_equal(face_of("fer2013.csv", data), NOISE)


def test_read__csv_resized_only_if_allowed():
    files = sheet(f"0,{numbers(7, 20 * 20)},Training")
    assert read(files, settings(resize=True)) == [(7, "fer2013.csv:2", "sad", "Training")]
    assert error_of(files) == "fer.zip: fer2013.csv line 2: expected 256 pixels, received 400; check the line"


def test_read__csv_goes_before_images():
    # Kaggle's challenge archive has other files beside.
    files = sheet(f"0,{numbers(7)},Training", name="fer2013/fer2013.csv")
    assert read(files | {"fer2013/README": b"", "fer2013/fer2013.bib": b""}) == [(7, "fer2013.csv:2", "sad", "Training")]


@pytest.mark.parametrize("known", ["fer2013.csv", "challenges/icml_face_data.csv"])
def test_read__known_csv_among_others(known):
    files = sheet(f"0,{numbers(7)},Training", name=known)
    assert len(read(files | {"test.csv": b"pixels\n", "train.csv": b"emotion,pixels\n"})) == 1


@pytest.mark.parametrize(
    ("names", "received"),
    [
        (["a.csv", "b.CSV"], "a.csv, b.CSV"),
        (["fer2013.csv", "icml_face_data.csv", "train.csv"], "fer2013.csv, icml_face_data.csv"),
        (["x/fer2013.csv", "y/fer2013.csv"], "x/fer2013.csv, y/fer2013.csv"),
        ([f"{letter}.csv" for letter in "abcdefg"], "a.csv, b.csv, c.csv, d.csv, e.csv"),
    ],
)
def test_read__several_csvs(names, received):
    files = {name: sheet(f"0,{numbers(7)},Training")["fer2013.csv"] for name in names}
    assert error_of(files) == f"fer.zip: expected one CSV of faces, received {received}; leave one in the archive"


@pytest.mark.parametrize(
    ("header", "received"),
    [
        ("emotion,pixel,Usage", "emotion, pixel, Usage"),
        ("emotion,Usage", "emotion, Usage"),
        ("pixels,Usage", "pixels, Usage"),
        ("emotion,pixels,usage", "emotion, pixels, usage"),
        ("emotion,pixels,Usage,more", "emotion, pixels, Usage, more"),
        ("emotion,pixels,pixels", "emotion, pixels, pixels"),
        ("emotion;pixels;Usage", "emotion;pixels;Usage"),
        (f"0,{numbers(7, 2)},Training", "0, 7 7, Training"),  # none at all
        ("", "nothing"),
    ],
)
def test_read__csv_with_a_wrong_header(header, received):
    message = error_of(sheet(f"0,{numbers(7)},Training", header=header))
    assert message == f"fer.zip: fer2013.csv line 1: expected columns emotion, pixels and Usage, received {received}"


def test_read__csv_of_nothing():
    assert error_of({"fer2013.csv": b""}).endswith("line 1: expected columns emotion, pixels and Usage, received nothing")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"0,{numbers(7)}", "expected 3 values, received 2"),
        (f"0,{numbers(7)},Training,", "expected 3 values, received 4"),
        (f"0,{numbers(7, 255)},Training", "expected 256 pixels, received 255"),
        (f"0,{numbers(7, 257)},Training", "expected 256 pixels, received 257"),
        ("0,,Training", "expected 256 pixels, received 0"),
        (f"0,{numbers(7, 255)} 256,Training", "expected pixels from 0 to 255, received 7 to 256"),
        (f"0,{numbers(7, 255)} -1,Training", "expected pixels from 0 to 255, received -1 to 7"),
        (f"0,{numbers(7, 255)} seven,Training", "expected pixels as whole numbers between spaces, received others"),
        (f"0,{numbers(7.5)},Training", "expected pixels as whole numbers between spaces, received others"),
        (f'0,"{numbers(7).replace(" ", ",")}",Training', "expected pixels as whole numbers between spaces, received others"),
        (f"0,{numbers('7²')},Training", "expected pixels as whole numbers between spaces, received others"),
        (f"3,{numbers(7)},Training", "expected an emotion from 0 to 2, received '3'"),
        (f"-1,{numbers(7)},Training", "expected an emotion from 0 to 2, received '-1'"),
        (f"1.0,{numbers(7)},Training", "expected an emotion from 0 to 2, received '1.0'"),
        (f"sad,{numbers(7)},Training", "expected an emotion from 0 to 2, received 'sad'"),
        (f"²,{numbers(7)},Training", "expected an emotion from 0 to 2, received '²'"),  # a digit to Python, but no number
        (f",{numbers(7)},Training", "expected an emotion from 0 to 2, received ''"),
        (f"0,{numbers(7)},Train", "expected Usage Training, PublicTest, PrivateTest, Test or none, received 'Train'"),
        (f"0,{numbers(7)},training", "expected Usage Training, PublicTest, PrivateTest, Test or none, received 'training'"),
    ],
)
def test_read__csv_with_a_bad_line(line, expected):
    # Two good lines before: the error is in the fourth.
    good = f"0,{numbers(7)},Training"
    assert error_of(sheet(good, good, line, good)) == f"fer.zip: fer2013.csv line 4: {expected}; check the line"


@pytest.mark.parametrize("count", [0, 2, 17, 255])
def test_read__csv_pixels_of_no_square(count):
    # Resizing asks for a square, of whatever size.
    message = error_of(sheet(f"0,{numbers(7, count)},Training"), settings(resize=True))
    assert message == f"fer.zip: fer2013.csv line 2: expected 256 pixels, received {count}; check the line"


@pytest.mark.parametrize("data", [b"emotion,pixels\n0,\xff\xfe", b"\xff\xfee\0m\0o\0"], ids=["line", "utf-16"])
def test_read__csv_that_is_not_utf8(data):
    message = error_of({"fer2013.csv": data})
    assert message.startswith("fer.zip: expected fer2013.csv as UTF-8 CSV, received: ") and message.endswith("fetch the file again")


def test_read__csv_emotions_of_unknown_classes():
    message = error_of(sheet(f"0,{numbers(7)},Training"), csv_emotions=["sad", "fear", "bored"])
    assert message == "params.yaml: sources.archive.csv_emotions: expected emotions of faces.emotions, received bored, fear"


@pytest.mark.parametrize(("method", "cause"), [(zipfile.ZIP_STORED, "Bad CRC-32"), (zipfile.ZIP_DEFLATED, "Error -3 while decompressing")])
def test_read__csv_damaged_in_the_zip(tmp_path, method, cause):
    # Without the checksum the stored one would give a face of 8 where 7 was: no other check can see it.
    path = tmp_path / "fer.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("fer2013.csv", sheet(f"0,{numbers(7)},Training")["fer2013.csv"])
    data = path.read_bytes()
    if method == zipfile.ZIP_STORED:
        data = data.replace(b"7 7 7", b"7 8 7", 1)
    else:
        data = data[:41] + bytes([data[41] | 0x06]) + data[42:]  # the first byte after header and name
    path.write_bytes(data)
    with entries(path, 10**6) as listing, pytest.raises(InputError, match=f"fer.zip: expected fer2013.csv as UTF-8 CSV, received: {cause}"):
        list(reading.read("fer.zip", listing, settings(), {}, CSV_EMOTIONS))


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
        list(reading.read("fer.zip", listing, settings(), {}, CSV_EMOTIONS))


def test_read__sixteen_bits():
    # A middle gray of 16 bits becomes white.
    files = {"sad/1.png": encoded(Image.fromarray(np.full((16, 16), 128 * 257, np.uint16)))}
    try:
        assert read(files, settings(to_grayscale=True))[0][0] in (128, 129)
    except InputError as error:
        assert "sad/1.png" in str(error)


def test_read__pixels_beyond_32_bits():
    assert "expected pixels from 0 to 255" in error_of(sheet(f"0,{numbers(2**32 + 5)},Training"))


def test_read__csv_of_large_faces():
    data = sheet(f"0,{numbers(255, 200 * 200)},Test")["fer2013.csv"]
    assert face_of("fer2013.csv", data, settings(size=200)).shape == (200, 200)


def test_read__csv_with_an_empty_last_line():
    assert len(read(sheet(f"0,{numbers(7)},Training", ""))) == 1
