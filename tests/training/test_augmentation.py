import numpy as np
import pytest

from pipeline.config.settings import Augmentation
from pipeline.training.augmentation import augment, mix


class Fixed:
    """In place of a random generator: each uniform draw is the upper end of its range times a factor, one a call."""

    def __init__(self, *factors):
        self.factors = list(factors)

    def uniform(self, low, high, size):
        return np.full(size, high * self.factors.pop(0))

    def choice(self, values, size):
        return np.full(size, values[0], np.float32)


def moved(face, augmentation, *factors, size=None):
    faces = np.array(face, np.uint8)[None]
    return augment(faces, size or faces.shape[1], Augmentation(**augmentation), Fixed(*factors))[0].tolist()


FACE = [[10, 20], [30, 40]]
# The draws of a moved face, in order: rotation, scale, to the right, down.


def test_augment__flip_swaps_left_and_right():
    assert moved(FACE, {"flip": True}, 0, 0, 0, 0) == [[20, 10], [40, 30]]


def test_augment__translation_by_half_repeats_the_edge():
    assert moved(FACE, {"translate": 0.5}, 0, 0, 1, 0) == [[10, 10], [30, 30]]  # to the right by one of two pixels
    assert moved(FACE, {"translate": 0.5}, 0, 0, 0, -1) == [[30, 40], [30, 40]]  # up


def test_augment__rotation_by_a_quarter():
    assert moved(FACE, {"rotation": 90.0}, 1, 0, 0, 0) in ([[20, 40], [10, 30]], [[30, 10], [40, 20]])
    assert moved(FACE, {"rotation": 180.0}, 1, 0, 0, 0) == [[40, 30], [20, 10]]


def test_augment__scale_up_by_half():
    # The pixels' centres at -1/2 and 1/2 come from -1/3 and 1/3: a sixth of the way from one centre to the other.
    assert moved([[0, 60], [0, 60]], {"scale": 0.5}, 0, 1, 0, 0) == [[10, 50], [10, 50]]


def test_augment__smaller_size_averages_in_between():
    assert moved([[0, 0, 40, 40]] * 4, {}, 0, 0, 0, 0, size=2) == [[0, 40], [0, 40]]
    assert moved([[0, 60, 0]] * 3, {}, 0, 0, 0, 0, size=1) == [[60]]


def test_augment__contrast_about_the_mean_then_brightness():
    # Mean 25: contrast 1 + 0.2 gives 7, 19, 31, 43, brightness a tenth of white 25.5 more, rounded.
    assert moved(FACE, {"contrast": 0.2, "brightness": 0.1}, 1, 1) == [[32, 44], [56, 68]]
    assert moved(FACE, {"brightness": 0.5}, 0, -1) == [[0, 0], [0, 0]]


def test_augment__erase_takes_its_share_of_faces_one_rectangle_of_one_gray_each():
    faces = np.zeros((400, 20, 20), np.uint8)
    out = augment(faces, 20, Augmentation(random_erasing=0.5), np.random.default_rng(0))
    erased = [face for face in out if face.any()]
    assert 150 < len(erased) < 250
    for face in erased:
        rows, columns = face.any(axis=1), face.any(axis=0)
        assert 2 <= rows.sum() <= 8 and 2 <= columns.sum() <= 8  # 0.1 to 0.4 of 20
        assert len(np.unique(face[rows][:, columns])) == 1


def test_augment__erased_rectangles_lie_everywhere_alike():
    # Every place of a rectangle is as likely as any other, so that the erased pixels mirror to each side and up and down.
    out = augment(np.zeros((20_000, 20, 20), np.uint8), 20, Augmentation(random_erasing=1.0), np.random.default_rng(0))
    erased = (out > 0).mean(axis=0)
    for share in (erased.mean(axis=0), erased.mean(axis=1)):
        assert share == pytest.approx(share[::-1], abs=0.006) and share[0] > 0.01 and share[-1] > 0.01


def test_augment__all_amounts_stay_in_range_and_repeat():
    faces = np.random.default_rng(1).integers(0, 256, (8, 12, 12), np.uint8)
    every = Augmentation(flip=True, translate=0.1, rotation=15.0, scale=0.1, brightness=0.2, contrast=0.2, random_erasing=0.5)
    one, other, third = (augment(faces, 9, every, np.random.default_rng(seed)) for seed in (2, 2, 3))
    assert one.shape == (8, 9, 9) and one.dtype == np.uint8
    assert np.array_equal(one, other) and not np.array_equal(one, third)


def test_mix__faces_and_targets_in_the_same_shares():
    class Half(Fixed):
        def beta(self, a, b, size):
            return np.full(size, 0.25)

        def permutation(self, count):
            return np.arange(count)[::-1]

    faces = np.array([[[0]], [[100]]], np.uint8)
    mixed, targets = mix(faces, np.eye(2, dtype=np.float32), 0.2, Half())
    assert mixed.tolist() == [[[25]], [[75]]]  # a face keeps the larger share, 1 - 0.25
    assert targets.tolist() == [[0.75, 0.25], [0.25, 0.75]]
