import numpy as np
import pytest

from benchmarks import detection
from pipeline.inference.detection import Box


def test_canvas__holds_each_face_where_its_box_says():
    faces = np.full((4, 48, 48), 255, np.uint8)
    picture, boxes = detection.canvas(faces, np.random.default_rng(0))
    assert picture.shape == (480, 640) and len(boxes) == 4 and len(set(boxes)) == 4
    for box in boxes:
        assert (picture[box.y : box.y + box.side, box.x : box.x + box.side] == 255).all()
    assert (picture == 255).sum() < 1.02 * sum(box.side**2 for box in boxes)  # nothing lies over another


def test_matched__each_box_once_and_near_alone():
    faces = [Box(0, 0, 100), Box(200, 0, 100), Box(400, 0, 100)]
    near, other_size, far = Box(10, 5, 90), Box(200, 0, 30), Box(460, 0, 100)
    assert detection.matched([far, other_size, near], faces) == [near, None, None]
    assert detection.matched([near], [faces[0], faces[0]]) == [near, None]


def test_framing__counts_and_ratios():
    # Two faces of 100 px; found: one in a box of 80 whose centre lies 4 px higher, and a box where none is.
    canvases = [(np.zeros((480, 640), np.uint8), [Box(0, 0, 100), Box(300, 200, 100)])]
    figures = detection.framing(lambda gray: [Box(10, 6, 80), Box(500, 400, 50)], canvases)
    assert (figures["found"], figures["false"]) == (1, 1)
    assert figures["side"] == [1.25] * 3 and figures["down"] == [0.05] * 3


def test_by_margin__without_a_search_it_is_the_faces_score(monkeypatch):
    # The detector knows: every second face, in its own box. The network answers by the brightness of the face.
    monkeypatch.setattr(detection, "MARGINS", (0.0,))
    faces = np.repeat(np.uint8([0, 255] * 4), 48 * 48).reshape(8, 48, 48)
    labels = np.array([0, 1, 0, 0, 0, 1, 0, 1])
    known = iter([boxes[1::2] for _, boxes in detection.canvases_of(faces, 1)])

    class Knows:
        def find(self, gray):
            return next(known)

    class Bright:
        side = 48

        def probabilities(self, cut):
            bright = cut.mean(axis=(1, 2)) / 255
            return np.stack([1 - bright, bright], axis=1)

    monkeypatch.setattr(detection.detection, "Detector", Knows)
    figures = detection.by_margin(Bright(), faces, labels)
    assert (figures["faces"], figures["found"]) == (8, 4)
    assert [one["right"] for one in figures["margins"].values()] == [3, 3] and list(figures["margins"]) == ["as they are", "0"]
    assert figures["margins"]["0"]["accuracy"] == pytest.approx(0.75)
