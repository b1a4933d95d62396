import zipfile

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.faces import parts, reading
from pipeline.faces.archive import entries
from pipeline.faces.seen import Seen
from tests.faces.files import NOISE, error_of, face_of, lines_of, pins, read, settings


def numbers(value, count=256):
    return " ".join([str(value)] * count)


def sheet(*lines, header="emotion,pixels,Usage", name="fer2013.csv"):
    return {name: "".join(f"{line}\n" for line in (header, *lines)).encode()}


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
        ("Emotion,Pixels,USAGE", f"2,{numbers(7)},PrivateTest", "PrivateTest"),
        (",emotion,pixels,Usage", f"0,2,{numbers(7)},Test", "Test"),  # pandas' line numbers, without a name or with one
        ("Unnamed: 0.1,Unnamed: 0,emotion,pixels", f"0,0,2,{numbers(7)}", ""),
        ("index,emotion,pixels", f"0,2,{numbers(7)}", ""),
        ("emotion,pixels,Usage", f"2,{numbers(7)},training set", "Training"),
        ("emotion,pixels,Usage", f"2,{numbers(7)},Train", "Training"),
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
        ([f"{letter}.csv" for letter in "abcdefg"], "a.csv, b.csv, c.csv, d.csv, e.csv and 2 more"),
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
        (f"{'9' * 5000},{numbers(7)},Training", f"expected an emotion from 0 to 2, received '{'9' * 80}...'"),  # too long for int()
        (f"0,{numbers('9' * 5000)},Training", "expected pixels from 0 to 255, received"),
    ],
)
def test_read__csv_with_a_bad_line(line, expected):
    # Two good lines before: the error is in the fourth.
    good = f"0,{numbers(7)},Training"
    message = error_of(sheet(good, good, line, good))
    assert message.startswith(f"fer.zip: fer2013.csv line 4: {expected}") and message.endswith("; check the line")


def test_read__csv_with_an_unknown_part():
    message = error_of(sheet(f"0,{numbers(7)},Extra"))
    assert message == (
        "fer.zip: fer2013.csv line 2: expected Usage Training, PublicTest, PrivateTest, Validation, Test or none, received 'Extra'; check "
        "the line, or name its part in sources.archive.parts"
    )


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
    assert message == (
        "params.yaml: sources.archive.csv_emotions: expected emotions of faces.emotions, or null for a number to leave out, received "
        "bored, fear"
    )


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
        list(reading.read("fer.zip", listing, settings(), pins(), Seen()))


def test_read__pixels_beyond_32_bits():
    assert "expected pixels from 0 to 255" in error_of(sheet(f"0,{numbers(2**32 + 5)},Training"))


def test_read__csv_of_large_faces():
    data = sheet(f"0,{numbers(255, 200 * 200)},Test")["fer2013.csv"]
    assert face_of("fer2013.csv", data, settings(size=200)).shape == (200, 200)


@pytest.mark.parametrize("last", ["", "   ", ",,", " , ,", "\t"])
def test_read__csv_with_an_empty_last_line(last):
    assert len(read(sheet(f"0,{numbers(7)},Training", last))) == 1


def test_read__csv_validates_beside_a_test_and_is_tested_alone():
    lines = [f"0,{numbers(7)},train", f"1,{numbers(8)},val"]
    assert [row[3] for row in read(sheet(*lines, f"2,{numbers(9)},test"))] == ["Training", "Validation", "Test"]
    assert [row[3] for row in read(sheet(*lines))] == ["Training", "Test"]
    assert lines_of(sheet(*lines, f"2,{numbers(9)},test")) == []
    assert lines_of(sheet(*lines)) == [parts.NO_TEST]


def test_read__csv_parts_by_params():
    files = sheet(f"0,{numbers(7)},a", f"1,{numbers(8)},b", f"2,{numbers(9)},c")
    named = {"a": "train", "b": None, "C": "test"}
    assert [row[:1] + row[3:] for row in read(files, parts=named)] == [(7, "Training"), (9, "Test")]
    assert lines_of(files, parts=named) == ["left out by params.yaml: 1 of b"]


def test_read__csv_emotions_dropped_and_merged():
    # 0 and 2 are one emotion, 1 is left out.
    files = sheet(f"0,{numbers(7)},Training", f"1,{numbers(8)},Training", f"2,{numbers(9)},Test", f"1,{numbers(8)},Test")
    emotions = ["sad", None, "sad"]
    assert [(row[0], row[2]) for row in read(files, csv_emotions=emotions)] == [(7, "sad"), (9, "sad")]
    assert lines_of(files, csv_emotions=emotions) == ["left out by params.yaml: 2 of emotion 1"]


@pytest.mark.parametrize("data", [b"\0" * 3000, b"emotion\0\x1b[31m" + b"\0" * 3000 + b",pixels\n"])
def test_read__csv_of_control_characters_prints_none(data):
    message = error_of({"fer2013.csv": data})
    assert message.isprintable() and len(message) < 300 and "expected columns emotion, pixels and Usage, received " in message


def test_read__csv_none_of_several_is_of_faces():
    message = error_of({"a.csv": b"name,label\n", "b.csv": b"\xff\xfe"})
    assert message == "fer.zip: expected a CSV with the columns emotion and pixels, received none in a.csv, b.csv; check the archive"


def test_read__form_of_a_csv():
    seen = Seen()
    read(sheet(f"0,{numbers(7)},Training"), seen=seen)
    assert (seen.form, seen.lines()) == ("CSV", [])
