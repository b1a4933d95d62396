import sys

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.inference import detection, pictures
from pipeline.inference.detection import Box, Detector, cut, whole

pytest.importorskip("cv2", reason="OpenCV is not installed (requirements-predict.txt)")


@pytest.fixture(scope="module")
def detector():
    return Detector()


def test_find__the_face_of_a_photograph(detector, portrait):
    (box,) = detector.find(pictures.read(portrait).gray())
    # By eye: chin at 315, eyes at 190, between 170 and 355 from the left.
    assert 120 < box.x < 190 and 80 < box.y < 140 and 190 < box.side < 260
    assert detector.find(pictures.read(portrait).gray()) == [box]  # again: the same


def test_find__sixty_faces(detector, sixty):
    boxes = detector.find(pictures.read(sixty).gray())
    assert len(boxes) == 60 and boxes == sorted(boxes)
    assert {(box.x // 126, (box.y - 20) // 150) for box in boxes} == {(x, y) for x in range(10) for y in range(6)}


def test_find__nothing(detector):
    assert detector.find(np.full((300, 400), 128, np.uint8)) == []
    assert detector.find(np.zeros((1, 1), np.uint8)) == []
    assert detector.find(np.zeros((300, 20_000), np.uint8)) == []


def test_find__boxes_of_a_large_picture_are_in_its_own_pixels(detector, portrait):
    image = pictures.read(portrait).image.convert("L")
    (small,) = detector.find(np.asarray(image))
    (large,) = detector.find(np.asarray(image.resize((512 * 5, 600 * 5))))
    assert np.abs(np.subtract((large.x, large.y, large.side), np.multiply(5, (small.x, small.y, small.side)))).max() < 5 * 25


def test_cut__face_of_the_right_size_is_taken_as_it_is():
    face = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    assert np.array_equal(cut(face, whole(face), 48, margin=0), face)


def test_cut__beyond_the_edge_its_pixels_go_on():
    # A margin of one at each side: two columns of a picture three wide, then their last again.
    gray = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8)
    assert cut(gray, Box(1, 1, 2), 4, margin=0.5).tolist() == [[1, 2, 3, 3], [4, 5, 6, 6], [7, 8, 9, 9], [7, 8, 9, 9]]


def test_cut__larger_is_averaged():
    # Black and white columns one pixel wide: gray where pixels are averaged, black or white where they are picked.
    gray = np.tile(np.uint8([0, 255]), (96, 48))
    assert np.abs(cut(gray, whole(gray), 24, margin=0)[:, 2:-2].astype(int) - 127).max() < 20


def test_whole__middle_square():
    assert whole(np.zeros((10, 31), np.uint8)) == Box(10, 0, 10)


def test_detector__without_the_package_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(InputError, match="expected the package opencv-python-headless .*make install-predict"):
        Detector()


def test_margin__is_the_one_that_docs_explain():
    assert f"{100 * detection.MARGIN:g} %" in open("docs/predict.md", encoding="utf-8").read()
