import pytest

from pipeline.reporting import details


def row(accuracy, seed, model="ResNet50"):
    each = [{"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "support": 3}, {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}]
    scores = {"precision": 0.25, "recall": 0.5, "f1": 1 / 3}
    settings = {"row": f"{model}-{seed}", "seed": seed, "model": model, "emotions": ["sad", "happy"]}
    about = {"settings": settings, "tta": {}}
    return about | {"accuracy": accuracy, "per_class": each, "macro": scores, "weighted": scores, "thresholded": scores}


def test_per_class__one_line_an_emotion():
    table = details.per_class({"a": row(0.5, 0)})
    assert table.to_numpy().tolist() == [["a", "sad", "50.00", "100.00", "66.67", "3"], ["a", "happy", "0.00", "0.00", "0.00", "0"]]


def test_three_averages__nine_columns():
    table = details.three_averages({"a": row(0.5, 0)})
    assert table.shape == (1, 10) and table["F1, weighted"][0] == "33.33"


def test_seeds__mean_and_deviation_by_hand():
    # 0.5 and 0.7: mean 0.6, sample deviation 0.2 / sqrt 2 = 0.1414.
    table = details.seeds({"a": row(0.5, 0), "b": row(0.7, 1), "c": row(0.9, 0, "Xception")})
    assert table.to_numpy().tolist() == [["a, b", "60.00", "14.14", "2"]]
    assert details.seeds({"a": row(0.5, 0)}) is None


@pytest.mark.parametrize(("share", "text"), [(None, ""), (0.1234, "12.34"), (0, "0.00")])
def test_cell__gap_for_none(share, text):
    assert details.cell(share) == text
