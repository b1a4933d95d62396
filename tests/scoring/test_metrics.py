import numpy as np
import pytest

from pipeline.scoring import metrics

# Six faces of three emotions a, b, c; answers a a b | b | c a, so the confusion matrix (row = true) is
#        a b c
#    a   2 1 0
#    b   0 1 0
#    c   1 0 1
LABELS = np.array([0, 0, 0, 1, 2, 2])
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.4, 0.3, 0.3], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.6, 0.2, 0.2]])


def test_scores__by_hand():
    scores = metrics.scores(LABELS, PROBABILITIES)
    assert scores["accuracy"] == pytest.approx(4 / 6)
    assert scores["chance"] == pytest.approx(3 / 6)
    # precision a 2/3, b 1/2, c 1; recall a 2/3, b 1, c 1/2; F1 a 2/3, b 2/3, c 2/3
    assert scores["macro"] == pytest.approx({"precision": (2 / 3 + 1 / 2 + 1) / 3, "recall": (2 / 3 + 1 + 1 / 2) / 3, "f1": 2 / 3})
    assert scores["weighted"] == pytest.approx({"precision": (3 * 2 / 3 + 1 / 2 + 2) / 6, "recall": 4 / 6, "f1": 2 / 3})
    assert [c["support"] for c in scores["per_class"]] == [3, 1, 2]
    assert scores["per_class"][1] == pytest.approx({"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "support": 1})


def test_thresholded__an_output_of_at_most_half_is_no_answer():
    # The second face answers a with 0.4 only: 5 answers, 3 right, of 6 faces.
    assert metrics.thresholded(LABELS, PROBABILITIES) == pytest.approx({"precision": 3 / 5, "recall": 3 / 6, "f1": 6 / 11})


def test_thresholded__no_answer_at_all_is_zero():
    assert metrics.thresholded(LABELS, np.full((6, 3), 1 / 3)) == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_auc__by_hand():
    # b against the rest: 0.8 over 0.1 0.3 0.7 0.2 0.2: every pair right. c: 0.6 and 0.2 over 0.1 0.3 0.1 0.1: 4 + 3 of 8.
    # a: 0.8 0.4 0.2 over 0.1 0.2 0.6: 3 + 2 + (1 + half) of 9.
    assert metrics.scores(LABELS, PROBABILITIES)["auc"] == pytest.approx([6.5 / 9, 1.0, 7 / 8])


def test_auc__class_without_faces_is_none():
    assert metrics.scores(np.array([0, 1]), np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1]]))["auc"][2] is None


def test_bootstrap__interval_of_a_known_binomial():
    # 1,000 faces, 700 right: the normal interval is 0.7 -+ 1.96 sqrt(0.21 / 1000) = 0.6716 to 0.7284.
    labels = np.zeros(1000, int)
    probabilities = np.where((np.arange(1000) < 700)[:, None], [[0.9, 0.1]], [[0.1, 0.9]])
    low, high = metrics.bootstrap(labels, probabilities, 4000, 0.95, 0)["accuracy"]
    assert (low, high) == pytest.approx((0.6716, 0.7284), abs=0.003)


def test_bootstrap__holds_the_estimate_and_repeats():
    first = metrics.bootstrap(LABELS, PROBABILITIES, 500, 0.95, 1)
    assert first == metrics.bootstrap(LABELS, PROBABILITIES, 500, 0.95, 1)
    assert first != metrics.bootstrap(LABELS, PROBABILITIES, 500, 0.95, 2)
    assert first["accuracy"][0] <= 4 / 6 <= first["accuracy"][1]


def test_macro_roc__starts_at_zero_and_ends_at_one():
    false, true = metrics.macro_roc(LABELS, PROBABILITIES)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(true) >= 0).all()


def test_confusion_table__row_is_true():
    table = metrics.confusion_table(LABELS, PROBABILITIES, ["a", "b", "c"])
    assert table.faces.tolist() == [2, 1, 0, 0, 1, 0, 1, 0, 1]
    assert table[(table.actual == "c") & (table.predicted == "a")].faces.item() == 1


def test_roc_table__one_curve_an_emotion_and_the_average():
    table = metrics.roc_table(LABELS, PROBABILITIES, ["a", "b", "c"], points=5)
    assert table.emotion.unique().tolist() == ["a", "b", "c", "macro average"]
    assert len(table) == 4 * 5


def test_scores__emotion_that_is_never_answered_has_precision_0_in_every_average():
    # Both faces are answered a: precision a 1/2 and b 0, recall a 1 and b 0, F1 a 2/3 and b 0.
    scores = metrics.scores(np.array([0, 1]), np.array([[0.9, 0.1], [0.9, 0.1]]))
    assert scores["per_class"][1] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}
    assert scores["macro"] == scores["weighted"] == pytest.approx({"precision": 1 / 4, "recall": 1 / 2, "f1": 1 / 3})


def test_thresholded__exactly_half_is_no_answer():
    assert metrics.thresholded(np.array([0, 0]), np.array([[0.5, 0.5], [0.75, 0.25]])) == pytest.approx(
        {"precision": 1.0, "recall": 1 / 2, "f1": 2 / 3}
    )


def test_bootstrap__averages_are_those_of_resampled_faces():
    # 90 faces of a, all answered a; 10 of b, of which 4 are answered a. By hand over resampled faces.
    labels, answers = np.repeat([0, 1], [90, 10]), np.repeat([0, 0, 1], [90, 4, 6])
    random, wanted = np.random.default_rng(0), {"precision": [], "recall": [], "f1": []}
    for _ in range(4000):
        chosen = random.integers(0, 100, 100)
        true, answered = (np.bincount(of[chosen], minlength=2) for of in (labels, answers))
        hits = np.bincount(labels[chosen][labels[chosen] == answers[chosen]], minlength=2)
        each = hits / np.maximum(answered, 1), hits / np.maximum(true, 1), 2 * hits / np.maximum(true + answered, 1)
        for name, values in zip(wanted, each, strict=True):
            wanted[name].append(values.mean())
    found = metrics.bootstrap(labels, np.eye(2)[answers], 4000, 0.8, 1)
    for name, values in wanted.items():
        assert found[name] == pytest.approx(np.percentile(values, [10, 90]), abs=0.02), name


def test_roc_table__rates_by_hand():
    # c: its faces have 0.6 and 0.2, the others 0.1 0.3 0.1 0.1: one of two before any error, both from the first of four errors on.
    table = metrics.roc_table(LABELS, PROBABILITIES, ["a", "b", "c"], points=5)
    curve = table[table.emotion == "c"]
    assert curve.false_positive_rate.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curve.true_positive_rate.tolist()[1:] == [1, 1, 1, 1]
    assert len(metrics.roc_table(LABELS, PROBABILITIES, ["a", "b", "c"])) == 4 * 101
    assert table.index.tolist() == list(range(20))
