import numpy as np
import pytest

from pipeline.reporting.significance import compare, holm, mcnemar


def test_mcnemar__by_hand():
    # Only the first has 5 faces right, only the second 1: p = 2 (C(6,0) + C(6,1)) / 2^6 = 14 / 64.
    first = np.array([1] * 5 + [0] + [1] * 4, bool)
    second = np.array([0] * 5 + [1] + [1] * 4, bool)
    assert mcnemar(first, second) == (5, 1, pytest.approx(14 / 64))


def test_mcnemar__equal_answers():
    assert mcnemar(np.ones(3, bool), np.ones(3, bool)) == (0, 0, 1.0)


def test_holm__by_hand():
    # Sorted 0.01, 0.02, 0.04: times 3, 2, 1 gives 0.03, 0.04, 0.04.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])
    # A smaller product never falls below the one before it: 3 x 0.03 = 0.09, 2 x 0.031 = 0.062 -> 0.09.
    assert holm([0.03, 0.031, 0.5]) == pytest.approx([0.09, 0.09, 0.5])


def test_compare__only_rows_on_the_same_faces():
    faces, right = np.arange(20), np.ones(20, bool)
    answers = {"a": (faces, right), "b": (faces, ~right), "c": (faces + 1, right)}
    table = compare(answers)
    assert table[["Row", "Other row"]].to_numpy().tolist() == [["a", "b"]]
    assert table.p[0] == pytest.approx(2 / 2**20) and table.Distinguishable[0] == "yes"
    assert compare({"a": (faces, right)}) is None
