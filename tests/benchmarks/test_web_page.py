import numpy as np
import pytest

from benchmarks import web_page
from pipeline.common.errors import InputError
from pipeline.inference.detection import Box


def test_measured__by_hand():
    # Two canvases: both faces of the first are found, one of them wrongly answered; the second has a box where no face is.
    picture = np.zeros((480, 640), np.uint8)
    canvases = [(picture, [Box(0, 0, 100), Box(300, 0, 100)]), (picture, [Box(0, 0, 100)])]
    said = iter(
        [
            ([Box(300, 0, 100), Box(0, 0, 80)], [[0.1, 0.9], [0.2, 0.8]], 10.0, 1.0),
            ([Box(400, 300, 100)], [[0.9, 0.1]], 30.0, 3.0),
        ]
    )
    labels = np.array([0, 1, 1])
    measured = web_page.measured(lambda *_: next(said), 640, canvases, labels, np.array([True, True, False]))
    assert {name: measured[name] for name in ("faces", "found", "false", "right", "right_as_they_are")} == {
        "faces": 3, "found": 2, "false": 1, "right": 1, "right_as_they_are": 2,
    }  # fmt: skip
    assert measured["side"][1] == pytest.approx((1 + 100 / 80) / 2)
    assert (measured["milliseconds_to_find"], measured["milliseconds_to_answer"]) == (20.0, 2.0)


def test_opened__without_the_built_page_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="make web"):
        web_page.opened(None, tmp_path)
