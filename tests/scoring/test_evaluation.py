import numpy as np
import pytest

from pipeline.config.scoring import Evaluation
from pipeline.dataset.labels import FaceWriter
from pipeline.faces import synthetic
from pipeline.scoring.evaluation import drawn, summary_of, warning_of
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


@pytest.mark.parametrize(("made", "words"), [(True, "1,000 synthetic test faces"), (False, "1,000 test faces")])
def test_summary_of__says_whether_the_faces_are_drawn(made, words):
    scores = {"accuracy": 0.5, "chance": 0.25, "interval": {"accuracy": [0.46, 0.54]}}
    said = f"table2-ResNet50 (ResNet50): 50.00 % (46.00 to 54.00) of {words}; the commonest emotion given to all: 25.00 %"
    assert summary_of("table2-ResNet50", "ResNet50", scores, 1000, made) == said


def test_drawn__by_the_names_of_the_synthetic_source_alone(tmp_path):
    pixels, names, emotions, usages = next(synthetic.generate(20, {"sad": 1, "happy": 1}, 0, 48))
    for given, found in ((names, True), (["Training_1.jpg"] * 20, False)):
        with FaceWriter(tmp_path, 48) as writer:
            writer.append(pixels, given, emotions, usages)
        assert drawn(tmp_path / "labels.csv") is found


def scored(answers):
    probabilities = np.eye(2, dtype=np.float32)[answers]
    nothing = np.zeros(1000, bool), np.full(1000, "")
    return score(LABELS, probabilities, *nothing, Evaluation(batch_size=1, bootstrap=2000, confidence=0.95), 0), probabilities
