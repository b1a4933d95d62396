import json
import sys

import numpy as np
import pytest

from benchmarks import beside_fer
from pipeline.common.errors import InputError
from pipeline.faces import synthetic


def test_summary__medians_and_least_of_the_repeats():
    repeats = [
        {"right": 3, "model_bytes": 9, "start_seconds": start, "one": [median, least], "batch": [10 * median, 10 * least]}
        for start, median, least in ((1, 5, 2), (3, 4, 3), (2, 9, 1))
    ]
    figures = beside_fer.summary(repeats, 4)
    assert (figures["right"], figures["accuracy"], figures["start_seconds"]) == (3, 0.75, 2)
    assert (figures["one_milliseconds"], figures["one_least_milliseconds"], figures["batch_least_milliseconds"]) == (5, 1, 10)
    assert figures["interval"][0] < 0.75 < figures["interval"][1]


def test_measure__ours_in_a_process_of_its_own(tmp_path):
    classes = json.loads(open("results/weights/compact-0/network.json", encoding="utf-8").read())["settings"]["emotions"]
    faces = synthetic.draw(classes[:3], 0, 0)
    np.savez(tmp_path / "faces.npz", faces=faces, labels=np.arange(3), classes=classes)
    figures = beside_fer.measure(sys.executable, "ours", tmp_path / "faces.npz")
    assert 0 <= figures["right"] <= 3 and figures["model_bytes"] > 7_000_000 and 0 < figures["one"][1] <= figures["one"][0]


def test_measure__python_without_fer_is_told(tmp_path):
    np.savez(tmp_path / "faces.npz", faces=np.zeros((1, 48, 48), np.uint8), labels=np.zeros(1, int), classes=["happy"])
    with pytest.raises(InputError, match="expected answers of fer, Keras, received: .*No module named 'fer'"):
        beside_fer.measure(sys.executable, "fer, Keras", tmp_path / "faces.npz")
