"""Arithmetic on printed numbers, worked by hand."""

from decimal import ROUND_DOWN, ROUND_HALF_UP

import pytest

from pipeline.reporting.printed import is_possible, scores_of, without


@pytest.mark.parametrize(
    ("printed", "faces", "rounding", "possible"),
    [
        (65.47, 7178, ROUND_DOWN, True),  # 4,700 / 7,178 = 65.4778 %
        (65.47, 7178, ROUND_HALF_UP, False),  # 4,699 gives 65.46, 4,700 gives 65.48
        (68.49, 7178, ROUND_HALF_UP, True),  # 4,916 / 7,178 = 68.4870 %
        (68.49, 7178, ROUND_DOWN, False),  # 4,916 gives 68.48, 4,917 gives 68.50
        (50.0, 2, ROUND_DOWN, True),
        (33.33, 3, ROUND_DOWN, True),
        (66.67, 3, ROUND_HALF_UP, True),
        (66.67, 3, ROUND_DOWN, False),
        (100.0, 3, ROUND_DOWN, True),
        (0.0, 3, ROUND_HALF_UP, True),
    ],
)
def test_is_possible__worked_by_hand(printed, faces, rounding, possible):
    assert is_possible(printed, faces, rounding) is possible


def test_scores_of__two_classes_by_hand():
    # Row = true: 3 of 4 and 1 of 2 right. Precision 3/4 and 1/2, recall 3/4 and 1/2, F1 3/4 and 1/2.
    scores = scores_of([[3, 1], [1, 1]])
    assert scores["accuracy"] == pytest.approx(100 * 4 / 6)
    assert scores["macro"] == pytest.approx((62.5, 62.5, 62.5))
    assert scores["weighted"] == pytest.approx((100 * 4 / 6,) * 3)


def test_without__known_answers_taken_away():
    # 60 % of 10 faces are 6 right; 4 of them known: 2 of the other 6.
    assert without(60.0, 10, 4) == pytest.approx(100 * 2 / 6)
