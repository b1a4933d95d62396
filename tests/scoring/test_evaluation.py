import numpy as np
import pytest

from pipeline.config.scoring import Evaluation
from pipeline.scoring.evaluation import warning_of
from pipeline.scoring.outputs import score

EMOTIONS = ["sad", "happy"]
LABELS = np.arange(1000) % 2  # chance is a half


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        # The standard error of a half of 1,000 is 0.0158: 0.52 is within 1.96 of them, 0.54 is not.
        (540, ""),
        (520, "stands at chance: its accuracy's interval reaches that of the commonest emotion given to all 1,000 test faces"),
        (400, "stands at chance: its accuracy's interval reaches that of the commonest emotion given to all 1,000 test faces"),
    ],
)
def test_warning_of__interval_that_reaches_chance(right, expected):
    answers = np.where(np.arange(1000) < right, LABELS, 1 - LABELS)
    assert warning_of(*scored(answers), EMOTIONS) == expected


def test_warning_of__one_answer_to_every_face():
    assert warning_of(*scored(np.ones(1000, int)), EMOTIONS) == "answers happy to all 1,000 test faces: it tells nothing apart"


def scored(answers):
    probabilities = np.eye(2, dtype=np.float32)[answers]
    nothing = np.zeros(1000, bool), np.full(1000, "")
    return score(LABELS, probabilities, *nothing, Evaluation(batch_size=1, bootstrap=2000, confidence=0.95), 0), probabilities
