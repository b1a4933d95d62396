from copy import deepcopy

import pytest

from pipeline.reporting.overview import sentence
from pipeline.reporting.paper import read_paper
from pipeline.reporting.verdict import interval, leaky_verdicts, verdicts
from tests.reporting.test_tables import FER, as_the_paper

PAPER = read_paper()
NAME = "table2-InceptionResNetV2"
OFFICIAL = [28709, 7178]


def verdict_of(row, name=NAME, table="table2"):
    return next(v for v in verdicts(PAPER, {NAME: row}, FER, OFFICIAL) if v["row"] == name and v["table"] == table)


def test_verdict__paper_inside_the_interval_reproduces():
    found = verdict_of(as_the_paper())  # 64 to 67, printed 65.47
    assert found["verdict"] == "reproduces" and found["n"] == 7178 and found["seeds"] == 1


def test_verdict__paper_outside_differs():
    row = as_the_paper() | {"accuracy": 0.60, "interval": {"accuracy": [0.59, 0.61]}}
    assert verdict_of(row)["verdict"] == "differs"
    said = sentence(verdicts(PAPER, {NAME: row}, FER, OFFICIAL))
    # The row stands in Tables 2 and 4: two lines of sixteen.
    assert said.startswith("Of the 16 lines of Tables 2 to 4, 2 could be compared: 0 reproduce, 2 differ, by at most 5.47 points")


def test_verdict__other_settings_are_not_compared():
    row = deepcopy(as_the_paper())
    row["settings"]["pretrained"] = None
    found = verdict_of(row)
    assert found["verdict"] == "not comparable" and found["reasons"] == ["pretrained"]


def test_verdict__row_that_was_not_run():
    assert verdict_of(as_the_paper(), "table3-ResNet50", "table3")["verdict"] == "not run"


def test_interval__two_seeds_by_hand():
    # Means 0.64 and 0.66: mean 0.65, s^2 = 0.0002; e = 0.015 / 1.95996 = 0.007653.
    # t(0.975, 1) = 12.7062; width = 12.7062 sqrt(0.0002 x 1.5 + 0.00005857) = 0.24060.
    rows = {}
    for seed, accuracy in ((0, 0.64), (1, 0.66)):
        rows[f"s{seed}"] = deepcopy(as_the_paper()) | {"accuracy": accuracy}
        rows[f"s{seed}"]["settings"] |= {"row": f"s{seed}", "seed": seed}
    mean, low, high, seeds = interval(rows, "s0")
    assert (mean, seeds) == (pytest.approx(0.65), 2)
    assert (low, high) == (pytest.approx(0.65 - 0.24060, abs=1e-4), pytest.approx(0.65 + 0.24060, abs=1e-4))


def leaky_row(**faces):
    """A row on balanced_leaky made as Table 3's line of GoogLeNet says, at its accuracy."""
    row = deepcopy(as_the_paper()) | {"accuracy": 0.54, "interval": {"accuracy": [0.53, 0.55]}}  # printed 53.91
    row["settings"] |= {"data": "balanced_leaky", "model": "GoogLeNet", "epochs": 500, "batch_size": 128, "image_size": 48}
    row["settings"] |= {"optimizer": {"name": "sgd", "learning_rate": 0.01}}
    return row | {"faces": {"train": 3829, "validation": 0, "test": 7178} | faces}


def test_leaky_verdicts__a_row_on_the_split_that_table_3_fits_is_compared_with_its_line():
    (found,) = leaky_verdicts(PAPER, {"leaky-GoogLeNet": leaky_row(), NAME: as_the_paper()}, FER, OFFICIAL)
    assert (found["table"], found["row"], found["paper"], found["verdict"]) == ("table3", "leaky-GoogLeNet", 53.91, "reproduces")
    far = leaky_row() | {"accuracy": 0.60, "interval": {"accuracy": [0.59, 0.61]}}
    assert leaky_verdicts(PAPER, {"x": far}, FER, OFFICIAL)[0]["verdict"] == "differs"


@pytest.mark.parametrize("change", [{"train": 3446}, {"test": 766}])  # a tenth kept back; another split's test faces
def test_leaky_verdicts__other_faces_are_not_compared(change):
    (found,) = leaky_verdicts(PAPER, {"x": leaky_row(**change)}, FER, OFFICIAL)
    assert (found["verdict"], found["reasons"]) == ("not comparable", ["split"])
    assert leaky_verdicts(PAPER, {"x": leaky_row()}, FER, None)[0]["reasons"] == ["split"]  # not the official split


def test_leaky_verdicts__the_split_is_the_one_that_the_iterations_allow():
    # 3,829 faces in the printed batches give the printed iterations; 80 % of them, 3,063, do not.
    table = PAPER["tables"]["table3"]
    assert table["fits"] == "balanced_leaky" and all(-(-3829 // line["batch_size"]) == line["iterations"] for line in table["rows"])
