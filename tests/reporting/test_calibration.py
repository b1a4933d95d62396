import numpy as np
import pytest

from pipeline.reporting.calibration import expected_calibration_error, reliability


def test_calibration__four_faces_by_hand():
    # Bins of 1/15: two faces at 0.50 (one right), two at 1.00 (both right). Errors 0 and 0.
    right, confidence = np.array([True, False, True, True]), np.array([0.5, 0.5, 1.0, 1.0])
    sure, accurate, share = reliability(right, confidence)
    assert sure.tolist() == [0.5, 1.0] and accurate.tolist() == [0.5, 1.0] and share.tolist() == [0.5, 0.5]
    assert expected_calibration_error(right, confidence) == 0


def test_calibration__overconfident():
    # Always sure at 0.9, half of them right: |0.9 - 0.5|.
    assert expected_calibration_error(np.array([True, False]), np.array([0.9, 0.9])) == pytest.approx(0.4)
