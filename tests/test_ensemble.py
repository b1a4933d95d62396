import numpy as np
import pandas as pd
import pytest

from pipeline.common.errors import InputError
from pipeline.ensemble import average


def predictions(happy, faces=(7, 8), duplicate=(False, True)):
    about = {"face": list(faces), "emotion": ["sad", "happy"], "duplicate": list(duplicate), "usage": ["PublicTest", "PrivateTest"]}
    return pd.DataFrame(about | {"happy": np.float32(happy), "sad": 1 - np.float32(happy)})


def test_average__is_the_mean_of_the_probabilities():
    # 0.9 and 0.3 of three rows say happy, 0.6 and 0.3 on the mean: the second face turns to sad.
    mean = average({"a": predictions([0.9, 0.9]), "b": predictions([0.6, 0.0]), "c": predictions([0.3, 0.0])}, ["happy", "sad"])
    assert mean.happy.tolist() == pytest.approx([0.6, 0.3])
    assert mean.sad.tolist() == pytest.approx([0.4, 0.7])
    assert mean[["face", "usage"]].equals(predictions([0, 0])[["face", "usage"]])


def test_average__face_that_any_member_was_trained_on_is_a_duplicate():
    one, other = predictions([1, 0], duplicate=(False, False)), predictions([1, 0], duplicate=(True, False))
    assert average({"a": one, "b": other}, ["happy", "sad"]).duplicate.tolist() == [True, False]


def test_average__rows_on_other_faces_are_refused():
    with pytest.raises(InputError, match="same test faces, received a and b; see ensembles: in beyond/params.yaml"):
        average({"a": predictions([1, 0]), "b": predictions([1, 0], (7, 9))}, ["happy", "sad"])
