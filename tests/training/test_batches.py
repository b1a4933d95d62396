import numpy as np
import pytest

from pipeline.config.settings import Augmentation, Recipe, SizePhase
from pipeline.training.batches import Examples, batches, epoch_order
from tests.training.small import faces_of_two_kinds, settings


def test_batches__every_face_once_the_last_batch_smaller():
    pixels = np.arange(10)[:, None]
    assert [faces.ravel().tolist() for faces in batches(pixels, np.array([9, 1, 3, 5, 0]), 2)] == [[9, 1], [3, 5], [0]]


def test_epoch_order__depends_on_seed_and_epoch_alone():
    assert sorted(epoch_order(5, 0, 0)) == [0, 1, 2, 3, 4]
    assert epoch_order(50, 1, 2).tolist() == epoch_order(50, 1, 2).tolist()
    assert epoch_order(50, 1, 2).tolist() != epoch_order(50, 1, 3).tolist()
    assert epoch_order(50, 1, 2).tolist() != epoch_order(50, 2, 2).tolist()


def examples(recipe, **change):
    pixels, labels = faces_of_two_kinds()
    return Examples(pixels, np.arange(12), labels[:12], settings(recipe=recipe, **change))


def joined(parts):
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def test_examples__plain_are_the_faces_in_the_epochs_order():
    pixels, labels = faces_of_two_kinds()
    faces, targets, own = joined(examples(Recipe()).batches(epoch=3))
    order = epoch_order(12, 0, 3)
    assert np.array_equal(own, labels[order])
    assert np.array_equal(faces, pixels[order])
    assert np.array_equal(targets, np.eye(2)[labels[order]])


def test_examples__from_a_later_batch_on_are_the_same():
    recipe = Recipe(augmentation=Augmentation(flip=True, translate=0.1, mixup=0.2), progressive_resizing=[SizePhase(until=0.5, size=20)])
    for epoch in (0, 1):
        (whole, targets, _), (rest, others, _) = (joined(examples(recipe).batches(epoch, first)) for first in (0, 2))
        assert np.array_equal(whole[8:], rest) and np.array_equal(targets[8:], others)


def test_examples__small_sizes_come_first():
    plain = examples(Recipe(progressive_resizing=[SizePhase(until=0.5, size=20), SizePhase(until=0.75, size=28)]), epochs=4)
    assert [plain.size(epoch) for epoch in range(4)] == [20, 20, 28, 32]
    assert next(plain.batches(1))[0].shape == (4, 20, 20, 3)


def test_examples__changed_faces_are_gray_and_new_each_epoch():
    recipe = Recipe(augmentation=Augmentation(translate=0.2))
    (one, *_), (other, *_), (again, *_) = (joined(examples(recipe).batches(epoch)) for epoch in (0, 1, 0))
    assert np.array_equal(one[..., 0], one[..., 1]) and np.array_equal(one[..., 0], one[..., 2])
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_examples__smoothing_spreads_a_share_over_all_emotions():
    # 0.1 over two emotions: 0.05 each, and 0.9 for the right one.
    assert np.unique(next(examples(Recipe(label_smoothing=0.1)).batches(0))[1]).tolist() == np.float32([0.05, 0.95]).tolist()


def unbalanced(balance):
    pixels, _ = faces_of_two_kinds()
    labels = np.array([0] * 9 + [1] * 3)
    return Examples(pixels, np.arange(12), labels, settings(recipe=Recipe(class_weighting=balance)))


def test_examples__weights_make_the_emotions_count_alike():
    # 12 / (2 x 9) and 12 / (2 x 3): nine times 2/3 is three times 2.
    targets = joined(unbalanced("loss").batches(0))[1]
    assert targets.sum(axis=0).tolist() == pytest.approx([6.0, 6.0])
    assert np.unique(targets).tolist() == pytest.approx([0, 2 / 3, 2])


def test_examples__labels_are_the_faces_own_where_weights_and_mixing_make_another_target_the_largest():
    pixels, _ = faces_of_two_kinds()
    labels = np.array([0] * 11 + [1])  # its weight is eleven times theirs
    recipe = Recipe(class_weighting="loss", augmentation=Augmentation(mixup=5.0))  # shares near one half
    mixed = Examples(pixels, np.arange(12), labels, settings(recipe=recipe, batch_size=12))
    (_, targets, own) = joined(mixed.batches(0))
    assert np.array_equal(own, labels[epoch_order(12, 0, 0)])
    assert (targets.argmax(axis=1) != own).any()


def test_examples__sampling_draws_the_emotions_equally_often():
    drawn = unbalanced("sampling")
    assert joined(drawn.batches(0))[1].sum(axis=0).tolist() == [6, 6]
    assert drawn.order(0).tolist() == drawn.order(0).tolist() != drawn.order(1).tolist()
