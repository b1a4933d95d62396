import numpy as np
import pandas as pd
import pytest

from pipeline.common.errors import InputError
from pipeline.common.files import read_json, write_json
from pipeline.config.scoring import Evaluation, Scoring, TestTimeAugmentation
from pipeline.config.settings import Inputs
from pipeline.scoring.metrics import FORMAT
from pipeline.scoring.outputs import answers, predictions_table, read_predictions, read_rows, score, write_row
from tests.training.small import settings

INPUTS = {"faces_sha256": "1" * 64, "split_sha256": "2" * 64}


@pytest.fixture
def place(tmp_path):
    """What resolve wrote of row a, and its metrics as evaluate writes them."""
    resolved, row = tmp_path / "settings", settings(row="a")
    row.write(resolved / "a.json")
    Inputs(**INPUTS).write(resolved / "inputs" / "a.json")
    evaluation = Evaluation(batch_size=64, bootstrap=200, confidence=0.95)
    Scoring(tta=TestTimeAugmentation(), evaluation=evaluation).write(resolved / "scoring" / "a.json")
    write(tmp_path)
    return tmp_path


def metrics(**change):
    scores = {"faces": {}, "first_losses": [1.9], "accuracy": 0.5, "chance": 0.5, "macro": {}, "interval": {}, "parts": {}}
    made = {"settings": settings(row="a").model_dump(), "made_by": INPUTS, "tta": TestTimeAugmentation().model_dump()}
    return {"format": FORMAT, "confidence": 0.95, "bootstrap": 200} | made | scores | change


def write(folder, **change):
    write_json(folder / "rows" / "a" / "metrics.json", metrics(**change))


def read(folder, names=("a",)):
    return read_rows(folder / "rows", names, folder / "settings")


def test_read_rows__row_that_was_not_run_is_left_out(place):
    assert list(read(place, ["a", "b"])) == ["a"]


def test_read_rows__metrics_of_another_version_are_refused(place):
    write(place, format=1)
    with pytest.raises(InputError, match=f"expected format {FORMAT}, received 1, from another version; run `dvc repro evaluate@a`"):
        read(place)


def test_read_rows__metrics_of_another_form_are_refused(place):
    write_json(place / "rows" / "a" / "metrics.json", {"format": FORMAT, "accuracy": 1})
    with pytest.raises(InputError, match="expected bootstrap, chance, .* received none; run `dvc repro .*evaluate@a`"):
        read(place)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": settings(row="a", epochs=9).model_dump()}, "epochs"),
        ({"settings": settings(row="a", seed=1, batch_size=8).model_dump()}, "batch_size, seed"),
        ({"made_by": INPUTS | {"faces_sha256": "3" * 64}}, "faces"),
        ({"made_by": INPUTS | {"split_sha256": "3" * 64}}, "split"),
        ({"tta": {"flip": True, "translate": 0}}, "tta"),
        ({"bootstrap": 100}, "evaluation"),
        ({"confidence": 0.9}, "evaluation"),
    ],
)
def test_read_rows__row_of_other_settings_or_faces_is_refused(place, change, said):
    write(place, **change)
    with pytest.raises(InputError, match=f"a/metrics.json: .* params and faces, received one with other {said}; run"):
        read(place)


def test_read_rows__row_that_params_no_longer_name_is_refused(place):
    write(place, settings=settings(row="b").model_dump())
    with pytest.raises(InputError, match="expected settings in .*settings/b.json, found none"):
        read(place)


def predictions(**change):
    about = {"face": [7, 8], "emotion": ["sad", "happy"], "duplicate": [False, False], "usage": ["", ""]}
    return pd.DataFrame(about | {"happy": [0.25, 1.0], "sad": [0.75, 0.0]} | change)


def test_read_predictions__good_table(tmp_path):
    (tmp_path / "a").mkdir()
    predictions().to_parquet(tmp_path / "a" / "predictions.parquet")
    assert read_predictions(tmp_path, "a", ["happy", "sad"]).equals(predictions())


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (predictions(sad=[0.75, 0.1]), "probabilities that sum to 1, received 1.1000 for face 8 .line 1."),
        (predictions(sad=[0.75, float("nan")]), "probabilities that sum to 1, received nan for face 8"),
        (predictions().drop(columns="sad"), "usage, happy, sad, received face, emotion, duplicate, usage, happy"),
    ],
)
def test_read_predictions__bad_table_is_refused(tmp_path, table, message):
    (tmp_path / "a").mkdir()
    table.to_parquet(tmp_path / "a" / "predictions.parquet")
    with pytest.raises(InputError, match=message):
        read_predictions(tmp_path, "a", ["happy", "sad"])


def test_read_predictions__missing_or_broken_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="found none; run `dvc repro evaluate@a`"):
        read_predictions(tmp_path, "a", [])
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "predictions.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(InputError, match="expected a Parquet table"):
        read_predictions(tmp_path, "a", [])


def score_of_four():
    # happy, happy, sad, sad; the second face is answered wrongly. Two have a duplicate in training, one of them the wrong one.
    labels, probabilities = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]], np.float32)
    duplicate, usage = np.array([False, True, True, False]), np.array(["PublicTest", "PublicTest", "PrivateTest", ""])
    evaluation = Evaluation(batch_size=64, bootstrap=200, confidence=0.95)
    return score(labels, probabilities, duplicate, usage, evaluation, 0), labels, probabilities, duplicate, usage


def test_score__parts_are_the_usages_and_the_faces_without_a_duplicate():
    scores = score_of_four()[0]
    assert scores["accuracy"] == 0.75
    assert {name: (part["faces"], part["accuracy"]) for name, part in scores["parts"].items()} == {
        "PrivateTest": (1, 1.0), "PublicTest": (2, 0.5), "without_duplicates": (2, 1.0),
    }  # fmt: skip
    assert scores["parts"]["without_duplicates"]["interval"] == [1.0, 1.0]


def test_score__part_without_faces_has_no_accuracy():
    evaluation = Evaluation(batch_size=64, bootstrap=200, confidence=0.95)
    scores = score(np.array([0, 1]), np.eye(2, dtype=np.float32), np.array([True, True]), np.array(["", ""]), evaluation, 0)
    assert scores["parts"] == {"without_duplicates": {"faces": 0, "accuracy": None, "interval": None}}


def test_write_row__files_that_the_readers_read(tmp_path):
    scores, labels, probabilities, duplicate, usage = score_of_four()
    emotions = ["happy", "sad"]
    test = pd.DataFrame({"emotion": [emotions[label] for label in labels], "duplicate": duplicate})
    table = predictions_table(np.array([7, 8, 9, 11]), test, usage, probabilities, emotions)
    (tmp_path / "a").mkdir()
    write_row(tmp_path / "a", table, emotions, {"first_losses": [1.5]}, scores)
    read = read_predictions(tmp_path, "a", emotions)
    assert read.equals(table) and list(read.columns) == ["face", "emotion", "duplicate", "usage", "happy", "sad"]
    answer, right, confidence = answers(read, emotions)
    assert answer.tolist() == ["happy", "sad", "sad", "sad"] and right.tolist() == [True, False, True, True]
    assert confidence == pytest.approx([0.9, 0.6, 0.8, 0.7])
    written = read_json(tmp_path / "a" / "metrics.json")
    assert (written["format"], written["first_losses"], written["accuracy"]) == (FORMAT, [1.5], 0.75)
    assert pd.read_csv(tmp_path / "a" / "confusion.csv").faces.tolist() == [1, 1, 0, 2]
    assert pd.read_csv(tmp_path / "a" / "roc.csv").emotion.unique().tolist() == ["happy", "sad", "macro average"]
