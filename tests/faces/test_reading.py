import io

import numpy as np
import pytest
from PIL import Image

from pipeline.faces import reading
from pipeline.faces.archive import Entry
from pipeline.faces.seen import Seen
from tests.faces.files import NOISE, error_of, face_of, pins, read, settings
from tests.faces.images import encoded, picture

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
        ("happy/PrivateTest_1.png", "happy", "PrivateTest"),  # the prefix alone
        ("train/happy/test/sad/1.png", "sad", "Test"),  # the last two folders count
        ("train/x/sad/1.png", "sad", "Training"),  # the nearest folder above that names a part
        ("x/y/sad/1.png", "sad", ""),
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


def test_read__resizing_is_bilinear():
    # 32 to 16 with a black and a white half: both stay, the two columns at the edge mix, symmetrically.
    image = np.zeros((32, 32), np.uint8)
    image[:, 16:] = 200
    row = face_of("sad/1.png", encoded(Image.fromarray(image)), settings(resize=True))[5].astype(int)
    assert (row[:7] == 0).all() and (row[9:] == 200).all() and 0 < row[7] < row[8] < 200 and row[7] + row[8] == 200


def test_read__colour_and_size_ask_for_both():
    files = {"sad/1.png": picture((9, 9, 9), 32, 32, "RGB")}
    assert "expected 16x16 pixels" in error_of(files, settings(to_grayscale=True))
    assert "received mode RGB" in error_of(files, settings(resize=True))
    assert read(files, settings(resize=True, to_grayscale=True)) == [(9, "sad/1.png", "sad", "")]


def test_read__chunks(monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 2)
    listing = [Entry(f"sad/{number}.png", lambda number=number: io.BytesIO(picture(number))) for number in range(5)]
    chunks = list(reading.read("x", listing, settings(), pins(), Seen()))
    assert [chunk[0][:, 0, 0].tolist() for chunk in chunks] == [[0, 1], [2, 3], [4]]
    assert [len(part) for part in chunks[2]] == [1, 1, 1, 1]


def test_read__lazily():
    # 35,887 faces are not opened before the first is used.
    opened = []

    def opener(number):
        return lambda: opened.append(number) or io.BytesIO(picture(number))

    listing = [Entry(f"sad/{number}.png", opener(number)) for number in range(600)]
    next(reading.read("x", listing, settings(), pins(), Seen()))
    assert len(opened) == 512
