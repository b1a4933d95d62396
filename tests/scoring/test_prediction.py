import numpy as np

from pipeline.config.scoring import TestTimeAugmentation
from pipeline.scoring.prediction import variants_of


def test_variants__none_is_the_face_itself():
    faces = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    (only,) = variants_of(faces, TestTimeAugmentation())
    assert np.array_equal(only, faces)


def test_variants__flip_and_translations_are_ten():
    faces = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1)
    variants = [variant[0, :, :, 0].tolist() for variant in variants_of(faces, TestTimeAugmentation(flip=True, translate=1))]
    assert len(variants) == 10
    assert variants[:2] == [[[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[2, 1, 0], [5, 4, 3], [8, 7, 6]]]
    assert variants[2] == [[0, 1, 2], [0, 1, 2], [3, 4, 5]]  # down
    assert variants[6] == [[0, 0, 1], [3, 3, 4], [6, 6, 7]]  # right
