import numpy as np

from pipeline.training.batches import batches, epoch_order


def test_batches__every_face_once_the_last_batch_smaller():
    pixels = np.arange(10)[:, None]
    got = [(rows, faces.ravel().tolist()) for rows, faces in batches(pixels, np.array([9, 1, 3, 5, 0]), 2)]
    assert [faces for _, faces in got] == [[9, 1], [3, 5], [0]]
    assert [rows.start for rows, _ in got] == [0, 2, 4]


def test_epoch_order__depends_on_seed_and_epoch_alone():
    assert sorted(epoch_order(5, 0, 0)) == [0, 1, 2, 3, 4]
    assert epoch_order(50, 1, 2).tolist() == epoch_order(50, 1, 2).tolist()
    assert epoch_order(50, 1, 2).tolist() != epoch_order(50, 1, 3).tolist()
    assert epoch_order(50, 1, 2).tolist() != epoch_order(50, 2, 2).tolist()
