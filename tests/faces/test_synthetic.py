import ast
import hashlib
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.faces import synthetic

ALL = list(synthetic.EXPRESSIONS)
SHARES = {"happy": 3, "sad": 2, "fear": 1}
FER2013 = {"angry": 4953, "disgust": 547, "fear": 5121, "happy": 8989, "neutral": 6198, "sad": 6077, "surprise": 4002}


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def counted(faces, shares=SHARES, seed=0):
    """{emotion: (training, public test, private test)}"""
    pairs = Counter(zip(*synthetic.labels(faces, shares, seed), strict=True))
    return {emotion: tuple(pairs[emotion, usage] for usage in ("Training", "PublicTest", "PrivateTest")) for emotion in shares}


def test_draw__golden_bytes():
    # "synthetic, seed 0" names these bytes: dvc.lock, reports/metrics.json and every cached training rest on them. A
    # change here, be it of the drawing or of NumPy's stream, is a new data set and asks for `python -m pipeline.verify --record`.
    faces = synthetic.draw(ALL, 0, 0)
    assert sha256(faces) == "135125d7af13b95ef9fb6eadb012090c6c75400bc6e6d3d76994fe770c76d660"


def test_draw__same_seed_and_chunk_same_bytes():
    assert np.array_equal(synthetic.draw(ALL, 5, 2), synthetic.draw(ALL, 5, 2))


@pytest.mark.parametrize(("seed", "chunk"), [(6, 2), (5, 3)])
def test_draw__other_seed_or_chunk_other_bytes(seed, chunk):
    first, second = synthetic.draw(ALL, 5, 2), synthetic.draw(ALL, seed, chunk)
    assert not any(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_draw__eight_bits_of_gray():
    faces = synthetic.draw(ALL * 8, 1, 0)
    assert faces.shape == (56, 48, 48) and faces.dtype == np.uint8
    # What is too light or too dark is held at 255 or 0, so that both are crowded; overflowing, it would scatter.
    crowd = np.bincount(faces.ravel(), minlength=256)
    assert crowd[255] > 3 * crowd[254] and crowd[0] > 3 * crowd[1]


@pytest.mark.parametrize("pair", list(itertools.combinations(ALL, 2)), ids="-".join)
def test_draw__emotions_differ(pair):
    # The random stream does not depend on the emotion, so what differs is the expression alone.
    first, second = (synthetic.draw([emotion] * 4, 0, 0).astype(int) for emotion in pair)
    changed = abs(first - second) > 25
    assert all(face.sum() >= 20 for face in changed)
    assert not changed[:, :2].any()  # and not the ground above the head


def test_draw__no_floats_in_the_source():
    # Floating point may round differently on another CPU; bytes that a hash pins may not.
    tree = ast.parse(Path(synthetic.__file__).read_text(encoding="utf-8"))
    floats = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    divisions = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Div)]
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not floats and not divisions
    assert not named & {"normal", "uniform", "float32", "float64", "sqrt", "exp", "sin", "cos", "mean", "linspace", "true_divide"}


@pytest.mark.parametrize(
    ("faces", "expected"),
    [
        # 3 : 2 : 1 of 60 is 30, 20, 10; a tenth of each is public, a tenth private test, the rest training.
        (60, {"happy": (24, 3, 3), "sad": (16, 2, 2), "fear": (8, 1, 1)}),
        # Of 65: 32.5, 21.67, 10.83. 63 are dealt, the two left go to fear and sad: 32, 22, 11.
        (65, {"happy": (26, 3, 3), "sad": (18, 2, 2), "fear": (9, 1, 1)}),
        # Of 59: 29.5, 19.67, 9.83. 57 are dealt, the two left go to fear and sad: 29, 20, 10, just enough.
        (59, {"happy": (25, 2, 2), "sad": (16, 2, 2), "fear": (8, 1, 1)}),
    ],
)
def test_labels__counts_by_largest_remainder(faces, expected):
    assert counted(faces) == expected


def test_labels__equal_remainders_go_to_the_first_named():
    # 1 : 1 of 41 is 20.5 each.
    assert counted(41, {"sad": 1, "happy": 1}) == {"sad": (17, 2, 2), "happy": (16, 2, 2)}


def test_labels__shares_of_fer2013_give_its_counts():
    assert Counter(synthetic.labels(35887, FER2013, 0)[0]) == FER2013


def test_labels__shuffled_by_the_seed():
    emotions, usages = synthetic.labels(60, SHARES, 0)
    assert list(emotions) != sorted(emotions, key=list(SHARES).index) and len(set(emotions[:10])) > 1
    again, other = synthetic.labels(60, SHARES, 0), synthetic.labels(60, SHARES, 1)
    assert (emotions == again[0]).all() and (usages == again[1]).all()
    assert (emotions != other[0]).any() and counted(60, seed=1) == counted(60, seed=0)


@pytest.mark.parametrize(
    ("faces", "shares", "received"),
    [
        (54, SHARES, "received 54, which gives 9 of fear"),  # 27, 18, 9
        (55, SHARES, "received 55, which gives 9 of fear"),  # 27.5, 18.33, 9.17: the one left goes to happy
        (1, SHARES, "received 1, which gives 0 of sad"),  # happy has it
        (6000, {"sad": 6000, "happy": 1}, "received 6000, which gives 1 of happy"),  # 5999.0002 and 0.9998
    ],
)
def test_labels__too_few_faces(faces, shares, received):
    with pytest.raises(InputError, match="expected enough for 10 faces of every emotion") as error:
        synthetic.labels(faces, shares, 0)
    assert "sources.synthetic.faces" in str(error.value) and received in str(error.value)


def test_generate__chunks_names_and_labels():
    chunks = list(synthetic.generate(300, SHARES, 7, 48))
    assert [len(chunk[0]) for chunk in chunks] == [256, 44]
    assert all(len(pixels) == len(names) == len(emotions) == len(usages) for pixels, names, emotions, usages in chunks)
    names = [name for chunk in chunks for name in chunk[1]]
    assert names[0] == "synthetic-7-0000000" and names[-1] == "synthetic-7-0000299" and len(set(names)) == 300
    emotions, usages = synthetic.labels(300, SHARES, 7)
    assert [e for chunk in chunks for e in chunk[2]] == list(emotions) and [u for chunk in chunks for u in chunk[3]] == list(usages)


def test_generate__a_chunk_does_not_depend_on_the_ones_before():
    *_, second = synthetic.generate(300, SHARES, 7, 48)
    alone = synthetic.draw(list(synthetic.labels(300, SHARES, 7)[0][256:]), 7, 1)
    assert np.array_equal(second[0], alone)


def test_generate__no_two_faces_are_alike():
    # Twins would let a face of train be met again in test.
    faces = np.concatenate([chunk[0] for chunk in synthetic.generate(300, SHARES, 7, 48)])
    assert len({face.tobytes() for face in faces}) == 300


@pytest.mark.parametrize(
    ("shares", "size", "received"),
    [
        (SHARES | {"bored": 1}, 48, "received bored;"),
        (SHARES | {"bored": 1, "awed": 1}, 48, "received awed, bored;"),
        (SHARES, 64, "received 64;"),
        (SHARES, 47, "received 47;"),
    ],
)
def test_generate__unknown_emotion_or_size(shares, size, received):
    with pytest.raises(InputError, match="draws angry, disgust, fear, happy, neutral, sad, surprise at 48 pixels") as error:
        next(synthetic.generate(100, shares, 0, size))
    assert received in str(error.value)
