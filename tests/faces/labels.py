"""A label table whose counts can be seen, for the tests of splits and of balance."""

import numpy as np
import pandas as pd
import pytest

from pipeline.common.errors import InputError

TESTED = ("PublicTest", "PrivateTest", "Test")


def table(**counts):
    """A label table: happy=5 gives five happy faces for training; happy=(5, 2) two more, for the tests in turn."""
    rows = []
    for emotion, count in counts.items():
        train, test = count if isinstance(count, tuple) else (count, 0)
        rows += [(emotion, "Training")] * train + [(emotion, TESTED[number % 3]) for number in range(test)]
    labels = pd.DataFrame(rows, columns=["emotion", "usage"])
    labels.insert(0, "face", np.arange(100, 100 + len(labels)))  # no face is its own position: the two cannot be mixed up
    return labels.assign(name=[f"{face}.png" for face in labels.face], digest=[f"digest of {face}" for face in labels.face])


def counts(rows):
    return rows.emotion.value_counts().to_dict()


def part(split, name):
    return split[split.split == name]


def faces(rows):
    return set(rows.face)


def error_of(function, *arguments):
    with pytest.raises(InputError) as error:
        function(*arguments)
    return str(error.value)
