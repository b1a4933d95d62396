import numpy as np

from pipeline.beyond import comparable
from pipeline.config import params as parameters
from pipeline.reporting import beyond_tables


def row(data, accuracy, **settings):
    part = {"faces": 10, "accuracy": accuracy - 0.1, "interval": [accuracy - 0.2, accuracy]}
    return {
        "tta": {},
        "settings": {"row": data, "data": data, "model": "Compact", "epochs": 3, "seed": 0} | settings,
        "faces": {"train": 40, "test": 12},
        "parameters": 1234,
        "accuracy": accuracy,
        "interval": {"accuracy": [accuracy - 0.05, accuracy + 0.05]},
        "parts": {"without_duplicates": part, "PublicTest": part},
    }


RIGHT = {"honest": np.array([1] * 6 + [0] * 6, bool), "leaky": np.array([1] * 11 + [0], bool)}
SEEN = {"honest": np.zeros(12, bool), "leaky": np.array([0] * 4 + [1] * 4 + [0] * 4, bool)}


def test_leaks__pairs_a_leaky_row_with_its_honest_one():
    rows = {"leaky": row("balanced_leaky", 11 / 12), "honest": row("balanced_official", 0.5), "else": row("unbalanced", 0.9)}
    (line,) = beyond_tables.leaks(rows, RIGHT, SEEN).to_dict("records")
    assert line["Honest accuracy"] == "50.00 (45.00 to 55.00)"
    assert line["Leaked accuracy"] == "91.67 (86.67 to 96.67)" and line["Difference"] == "+41.67"
    assert line["Test faces seen in training"] == "4"
    starts = {"Honest accuracy on those": "50.00", "Leaked accuracy on those": "100.00"}  # 2 and 4 of 4
    starts |= {"Honest accuracy on the others": "50.00", "Leaked accuracy on the others": "87.50"}  # 4 and 7 of 8
    assert {name: line[name].split()[0] for name in starts} == starts
    assert line["McNemar's p"] == "0.062"  # five faces against none: 2 / 2^5


def test_leaks__rows_that_differ_otherwise_are_no_pair():
    rows = {"leaky": row("balanced_leaky", 0.9, seed=1), "honest": row("balanced_official", 0.5)}
    assert beyond_tables.leaks(rows, RIGHT, SEEN) is None


def test_share__wilson_by_hand():
    # 4 of 4: the lower end is n / (n + z^2) = 4 / 7.8415. 2 of 4: 1/2 with z / 2 * sqrt(1 / (n + z^2)) to each side.
    assert beyond_tables.share(np.ones(4, bool)) == "100.00 (51.01 to 100.00)"
    assert beyond_tables.share(np.array([1, 1, 0, 0], bool)) == "50.00 (15.00 to 85.00)"
    assert beyond_tables.share(np.zeros(0, bool)) == ""


def test_all_rows__parts_and_ensembles_stand_beside_each_other():
    ensemble = row("unbalanced", 0.75) | {"members": ["a", "b"]}
    one, both = beyond_tables.all_rows({"a": row("unbalanced", 0.7)}, {"both": ensemble}).to_dict("records")
    assert one["PublicTest"] == "60.00 (50.00 to 70.00)" and one["PrivateTest"] == "" and one["Parameters"] == "1,234"
    assert both["Network"] == "mean of a, b" and both["Accuracy"] == "75.00 (70.00 to 80.00)"


def test_interval__empty_part_is_a_gap():
    assert beyond_tables.interval({"faces": 0, "accuracy": None, "interval": None}) == ""


PUBLISHED = [
    {"who": "A", "what": "one network", "accuracy": "73.28", "faces": "PrivateTest", "source": "s"},
    {"who": "B", "what": "people", "accuracy": "65 ± 5", "faces": "a sample", "source": "t"},
]
PAPER = {"tables": {"table2": {"rows": [{"model": "ResNet50", "accuracy": 54.58}]}}}


def test_beside__figures_stand_under_the_faces_that_they_are_of():
    rows = {"ours": row("unbalanced", 0.7), "fewer": row("balanced_official", 0.5)}
    ensembles = {"both": row("unbalanced", 0.75) | {"members": ["ours"]}, "mixed": row("x", 0.6) | {"members": ["ours", "fewer"]}}
    table = beyond_tables.beside(rows, ensembles, PAPER, PUBLISHED)
    assert table.What.tolist() == ["ours", "both", "ResNet50", "one network", "people"]  # those of the unbalanced faces alone
    both = table["PublicTest and PrivateTest"].tolist()
    assert both == ["70.00 (65.00 to 75.00)", "75.00 (70.00 to 80.00)", "54.58", "", ""]
    assert table.PrivateTest.tolist() == ["", "", "", "73.28", ""] and table.Remark.tolist()[-1] == "65 ± 5 on a sample"


def test_read_published__every_line_names_its_faces_and_source():
    lines = beyond_tables.read_published()
    assert len(lines) >= 5 and all(set(line) - {"remark"} == {"who", "what", "accuracy", "faces", "source"} for line in lines)
    steered = [line["accuracy"] for line in lines if "PrivateTest" in line.get("remark", "")]
    assert steered == ["73.11", "73.28", "73.70"]  # their public code chooses by the test faces


def test_comparable__only_real_faces_of_the_official_split():
    params, real = parameters.load(), {"source": "archive", "expected_counts_met": True}
    assert comparable(real, params)
    assert not comparable(real | {"source": "synthetic"}, params)
    assert not comparable(real | {"expected_counts_met": False}, params)
    splits = params.splits.model_copy(update={"unbalanced": "percentage"})
    assert not comparable(real, params.model_copy(update={"splits": splits}))


def test_on_fitting_split__says_what_is_not_as_the_paper():
    verdict = {"table": "table3", "row": "leaky-x", "model": "GoogleNet", "paper": 53.91, "ours": 50.0, "low": 49.0, "high": 51.0}
    verdict |= {"n": 7178, "seeds": 1, "verdict": "not comparable", "reasons": ["pretrained", "epochs"]}
    (line,) = beyond_tables.on_fitting_split([verdict]).to_dict("records")
    assert (line["Paper's table"], line["Paper's accuracy"], line["Ours"]) == ("3", "53.91", "50.00 (49.00 to 51.00)")
    assert line["Verdict"] == "not comparable: other pretrained, epochs"
    assert beyond_tables.on_fitting_split([]) is None
