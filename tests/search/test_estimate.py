import pytest

from pipeline.search.estimate import cell_seconds, makespan
from tests.training import small

FIGURES = {
    "imported": 3.0, "built": 5.0, "first_step": 8.0, "first_infer": 2.0,
    "steps": {10: 0.1, 30: 0.3}, "infer": 0.001, "observe": 0.002, "save": 0.5,
}  # fmt: skip
FACES = {"train": 95, "validation": 20, "test": 100}


def settings(**changes):
    return small.settings().model_copy(update={"batch_size": 20, "epochs": 3, "batch_norm_faces": 50} | changes)


def test_cell_seconds__by_hand():
    # An epoch: 5 steps of 0.2 s (between 0.1 at 10 faces and 0.3 at 30), 20 faces validated, a checkpoint: 1 + 0.02 + 0.5.
    # Trained: 8 + 3 x 1.52 + 3 estimates of 50 faces. Evaluated: 5 + 2 + 100 faces.
    assert cell_seconds(settings(), FACES, FIGURES) == pytest.approx(8 + 3 * 1.52 + 3 * 50 * 0.002 + 7 + 0.1)


def test_cell_seconds__without_validation_one_estimate_and_ten_views():
    expected = 8 + 3 * (5 * 0.2 + 0.5) + 50 * 0.002 + 7 + 10 * 0.1
    assert cell_seconds(settings(), FACES | {"validation": 0}, FIGURES, variants=10) == pytest.approx(expected)


def test_cell_seconds__one_process_imports_once():
    twice = cell_seconds(settings(), FACES, FIGURES)
    assert cell_seconds(settings(), FACES, FIGURES, one_process=True) == pytest.approx(twice - 3)


def test_makespan__next_in_order_to_the_first_free_worker():
    # Two workers: 5 | 1 2 3, then 4 after the 5: 9.
    assert makespan([5, 1, 2, 3, 4], 2) == 9 and makespan([5, 1, 2, 3, 4], 1) == 15 and makespan([5, 1], 8) == 5
