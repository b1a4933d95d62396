"""The folder layouts that people have: parts, emotions, what stands beside, and what stands twice."""

import io

import pytest

from pipeline.faces import parts
from pipeline.faces.seen import Seen
from tests.faces.archives import make_zip
from tests.faces.files import error_of, lines_of, pins, read, settings
from tests.faces.images import encoded, picture


def usages(files, **archive):
    return {name: usage for _, name, _, usage in read(files, **archive)}


# Parts


@pytest.mark.parametrize(
    ("folder", "usage"),
    [
        ("Training", "Training"),
        ("training_set", "Training"),
        ("Train Data", "Training"),
        ("val", "Validation"),
        ("valid", "Validation"),
        ("validation-set", "Validation"),
        ("testing", "Test"),
        ("PublicTest", "PublicTest"),  # the challenge's own names
        ("PrivateTest", "PrivateTest"),
        ("train/images", "Training"),  # the nearest folder that names a part
        ("training/test", "Test"),
        ("trains", ""),
    ],
)
def test_read__part_by_its_usual_names(folder, usage):
    files = {f"{folder}/sad/1.png": picture(1), "test/sad/2.png": picture(2)}
    assert usages(files)[f"{folder}/sad/1.png"] == usage


def test_read__a_third_part_validates():
    files = {f"{part}/sad/{number}.png": picture(number) for number, part in enumerate(("train", "val", "test"))}
    assert list(usages(files).values()) == ["Test", "Training", "Validation"] and lines_of(files) == []


def test_read__validation_beside_training_alone_is_the_test_and_said():
    files = {"train/sad/1.png": picture(1), "validation/sad/2.png": picture(2)}
    assert list(usages(files).values()) == ["Training", "Test"]
    assert lines_of(files) == [parts.NO_TEST]
    named = {"validation": "validation"}  # said by params: still no test, so still the test
    assert list(usages(files, parts=named).values()) == ["Training", "Test"]


def test_read__parts_by_params_go_before_the_usual_names():
    files = {f"{part}/sad/{number}.png": picture(number) for number, part in enumerate(("fold1", "fold2", "test", "val"))}
    named = {"fold1": "train", "FOLD2": "test", "val": None, "test": "validation"}
    assert usages(files, parts=named) == {"fold1/sad/0.png": "Training", "fold2/sad/1.png": "Test", "test/sad/2.png": "Validation"}
    assert lines_of(files, parts=named) == ["left out by params.yaml: 1 of val"]


def test_read__folders_that_name_no_part_are_said():
    subjects = {f"S{number}/sad/1.png": picture(number) for number in range(7)}
    (line,) = lines_of(subjects)
    assert line == (
        "7 faces stand in folders that name no part (training, validation, test): S0, S1, S2, S3, S4 and 2 more; name their part in "
        "sources.archive.parts, if they have one"
    )
    (line,) = lines_of(subjects | {"train/sad/1.png": picture(9)})
    assert line.startswith("warning: 7 faces stand in folders that name no part")
    assert lines_of({"fer2013/sad/1.png": picture(1), "fer2013/happy/1.png": picture(1)}) == []  # one folder round them all is none


@pytest.mark.parametrize(("prefix", "usage"), [("Training", "Validation"), ("PublicTest", "Validation"), ("x", "Validation")])
def test_read__validation_folder_goes_before_kaggles_prefix(prefix, usage):
    files = {f"val/sad/{prefix}_1.png": picture(1), "test/sad/PrivateTest_2.png": picture(2)}
    assert usages(files)[f"val/sad/{prefix}_1.png"] == usage


# Emotions


def test_read__usual_synonyms():
    emotions = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
    folders = ["anger", "Disgusted", "fearful", "happiness", "natural", "sadness", "surprised"]
    files = {f"{folder}/1.png": picture(number) for number, folder in enumerate(folders)}
    faces = settings(emotions=emotions)
    assert {name: emotion for _, name, emotion, _ in read(files, faces)} == dict(zip(files, emotions, strict=True))
    (line,) = lines_of(files, faces)
    assert line.startswith("folders read as: Disgusted as disgust, anger as angry, ") and line.endswith("surprised as surprise")


def test_read__synonym_of_a_class_by_another_name():
    # A lab that calls its class joy has faces of it in happy/.
    assert read({"happy/1.png": picture(9)}, settings(emotions=["joy", "sad"]))[0][2] == "joy"


def test_read__synonym_of_two_classes_is_none():
    faces = settings(emotions=["joy", "happiness", "sad"])
    assert read({"joy/1.png": picture(9)}, faces)[0][2] == "joy"
    assert "received 1 in happy" in error_of({"happy/1.png": picture(9)}, faces)


def test_read__folders_are_merged_and_dropped():
    files = {f"train/{folder}/1.png": picture(number) for number, folder in enumerate(("angry", "contempt", "disgust", "sad"))}
    named = {"disgust": "angry", "contempt": None}
    assert [row[:3] for row in read(files, folders=named)] == [
        (0, "train/angry/1.png", "angry"),
        (2, "train/disgust/1.png", "angry"),
        (3, "train/sad/1.png", "sad"),
    ]
    assert lines_of(files, folders=named) == ["folders read as: disgust as angry", "left out by params.yaml: 1 of contempt"]


def test_pins__folders_named_by_numbers_need_no_quotes():
    assert pins(folders={1: "sad", "2": "happy", 3: None}).folders == {"1": "sad", "2": "happy", "3": None}


# What is no face


STRAY = {
    "labels.csv": b"name,label\n1.png,3\n",
    "README.txt": b"Faces.",
    "LICENSE": b"Free.",
    "train/happy/Thumbs.db": b"\xd0\xcf\x11\xe0",
    "train/desktop.ini": b"[.ShellClassInfo]",
    "poses.npy": b"\x93NUMPY",
}
FACES = {"train/happy/1.png": picture(1), "test/sad/2.png": picture(2)}


@pytest.mark.parametrize("name", STRAY)
def test_read__stray_file_is_skipped_and_counted(name):
    assert [row[0] for row in read(FACES | {name: STRAY[name]})] == [2, 1]
    kind = f".{name.rpartition('.')[2]}" if "." in name else "without suffix"
    assert lines_of(FACES | {name: STRAY[name]}) == [f"skipped, as neither a picture nor a CSV of faces: 1 {kind}"]


def test_read__stray_files_are_counted_in_one_line():
    (line,) = lines_of(FACES | STRAY | {"test_labels.csv": b"name,label\n"})
    assert line == "skipped, as neither a picture nor a CSV of faces: 2 .csv, 1 .db, 1 .ini, 1 .npy, 1 .txt, 1 without suffix"


def test_read__nothing_but_stray_files():
    assert error_of({"README.txt": b"", "a.mp4": b""}) == (
        "fer.zip: expected images in one folder an emotion, received skipped, as neither a picture nor a CSV of faces: 1 .mp4, 1 .txt; "
        "check the path"
    )


def test_read__picture_is_one_by_content_where_its_name_does_not_tell():
    files = {"train/happy/face": picture(7), "train/happy/face.dat": picture(8), "train/happy/notes": b"P5 of the faces"}
    assert [row[0] for row in read(files)] == [7, 8]


@pytest.mark.parametrize("name", ["more.zip", "fer2013.tar.gz", "test.tgz", "train.7z", "faces.csv.gz", "faces.RAR"])
def test_read__archive_within_says_unpack_it(name):
    assert error_of({name: b"PK"}) == (
        f"fer.zip: expected pictures or a CSV of faces, received archives: {name} within fer.zip; unpack it and name the folder"
    )
    assert lines_of(FACES | {name: b"PK"}) == [f"warning: not read: {name} within fer.zip; unpack it if it holds faces"]


def test_read__pictures_beside_a_csv_of_faces_are_said():
    sheet = f"emotion,pixels\n0,{' '.join(['7'] * 256)}\n".encode()
    assert [row[0] for row in read(FACES | {"faces.csv": sheet})] == [7]
    assert lines_of(FACES | {"faces.csv": sheet}) == ["warning: not read: 2 pictures beside faces.csv; remove the CSV to read them"]


def test_lines__control_characters_in_names_are_not_printed():
    long = "x" * 90
    files = {"a.\x1b[31m": b"", f"a/train/sad/\x07{long}.png": picture(1), f"b/train/sad/\x07{long}.png": picture(1)}
    assert lines_of(files) == [
        "skipped, as neither a picture nor a CSV of faces: 1 .\\x1b[31m",
        f"read once: 1 faces that stand twice under one part, folder and file name (first: a/train/sad/\\x07{'x' * 64}... and "
        f"b/train/sad/\\x07{'x' * 64}...)",
    ]


# What stands twice


def test_read__face_that_stands_twice_is_read_once_and_said():
    # Kaggle's jonathanoheix/face-expression-recognition-dataset holds images/ a second time within images/.
    files = {f"{part}/{emotion}/{number}.png": picture(number) for number, (part, emotion) in
             enumerate([("train", "sad"), ("train", "happy"), ("validation", "sad"), ("validation", "happy")])}  # fmt: skip
    twice = {f"images/{top}{name}": data for name, data in files.items() for top in ("", "images/")}
    rows = read(twice)
    assert len(rows) == 4 and {name for _, name, *_ in rows} == {f"images/images/{name}" for name in files}
    assert [usage for *_, usage in rows].count("Test") == 2
    assert lines_of(twice)[-1] == (
        "read once: 4 faces that stand twice under one part, folder and file name (first: images/images/train/happy/1.png and "
        "images/train/happy/1.png)"
    )


@pytest.mark.parametrize(
    "other",
    ["images/test/sad/1.png", "images/train/happy/1.png", "images/train/sad/2.png"],
    ids=["part", "emotion", "name"],
)
def test_read__same_bytes_elsewhere_are_faces_of_their_own(other):
    # What copies of a picture say of the data is the audit's business.
    assert len(read({"train/sad/1.png": picture(1), other: picture(1)})) == 2


def test_read__same_name_with_other_bytes_is_read_and_said():
    files = {"a/train/sad/1.png": picture(1), "b/train/sad/1.png": picture(2), "c/train/sad/1.png": picture(2)}
    assert [row[0] for row in read(files)] == [1, 2]
    first, second = lines_of(files)
    assert first.startswith("warning: 1 faces share part, folder and file name with a face of other bytes and are read as faces of ")
    assert second.startswith("read once: 1 faces") and "b/train/sad/1.png and c/train/sad/1.png" in second
    assert len(lines_of({f"S{number}/sad/1.png": picture(number) for number in (1, 2)})) == 1  # of subjects' folders: no part, no warning


# The form


def test_read__form_is_the_kinds_of_picture():
    from PIL import Image

    seen = Seen()
    gray = Image.new("L", (16, 16))
    read({"sad/1.jpg": encoded(gray, "JPEG"), "sad/2.png": encoded(gray), "sad/3.JPG": encoded(gray, "JPEG")}, seen=seen)
    assert seen.form == "JPEG and PNG" and dict(seen.forms) == {"JPEG": 2, "PNG": 1}


def test_read__zip_made_on_windows(tmp_path):
    from pipeline.faces import reading
    from pipeline.faces.archive import entries

    path = make_zip(tmp_path / "fer.zip", {"train\\sad\\1.png": picture(1), "test\\": b"", "test\\sad\\2.png": picture(2)})
    with entries(path, 10**6) as listing:
        ((_, names, _, usages),) = reading.read("fer.zip", listing, settings(), pins(), Seen())
    assert (names, usages) == (("test/sad/2.png", "train/sad/1.png"), ("Test", "Training"))


def test_read__picture_file_that_is_too_large(monkeypatch):
    from pipeline.faces import images

    monkeypatch.setattr(images, "MAX_BYTES", 100)
    data = io.BytesIO(bytes(101)).getvalue()
    assert error_of({"sad/1.png": data}) == (
        "fer.zip: sad/1.png: expected a picture of at most 100 bytes, received more; remove or replace it"
    )
