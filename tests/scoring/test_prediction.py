import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.config.scoring import TestTimeAugmentation
from pipeline.scoring import prediction
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


@pytest.mark.trains
def test_predict__is_the_mean_of_the_views_probabilities(monkeypatch, tiny_settings):
    # Views whose logits differ by ln 3, ln 3 and 0: probabilities 3/4, 3/4 and 1/2, mean 2/3. The mean of the logits would give 0.675.
    class Answers:
        def infer(self, views):
            return np.stack([np.log(views[:, 0, 0, 0].astype(np.float64)), np.zeros(len(views))], axis=1)

    class Model:
        def load_weights(self, path):
            assert path == "w.h5"

        def count_params(self):
            return 5

    monkeypatch.setattr("pipeline.networks.shared.classifier.build", lambda settings: Model())
    monkeypatch.setattr("pipeline.training.steps.make_steps", lambda model: Answers())
    monkeypatch.setattr(prediction, "variants_of", lambda faces, tta: iter([faces, faces, np.ones_like(faces)]))
    pixels = np.full((4, 2, 2, 3), 3, np.uint8)
    pixels[1] = 1  # whose three views say one half each
    got, parameters = prediction.predict(tiny_settings, None, "w.h5", pixels, np.array([2, 0, 1]), batch_size=2)
    assert parameters == 5 and got.dtype == np.float32
    assert got == pytest.approx(np.array([[2 / 3, 1 / 3], [2 / 3, 1 / 3], [1 / 2, 1 / 2]]))


@pytest.mark.trains
def test_predict__outputs_that_are_not_finite_are_refused(monkeypatch, tiny_settings):
    class Diverged:
        def infer(self, views):
            return np.full((len(views), 2), np.nan)

    class Model:
        def load_weights(self, path):
            pass

    monkeypatch.setattr("pipeline.networks.shared.classifier.build", lambda settings: Model())
    monkeypatch.setattr("pipeline.training.steps.make_steps", lambda model: Diverged())
    with pytest.raises(InputError, match="w.h5: expected finite outputs, received NaN"):
        prediction.predict(tiny_settings, TestTimeAugmentation(), "w.h5", np.zeros((1, 2, 2, 3), np.uint8), np.array([0]), 2)
