import json

import pytest

from pipeline import verify
from pipeline.common.errors import InputError
from pipeline.common.files import write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.reproduction.comparison import Verdict
from pipeline.reproduction.references import METRICS, sha256_of

LOCK = {"stages": {stage: {"outs": [{"path": stage, "md5": "1"}]} for stage in verify.DATA_STAGES}}


def numbers(accuracy):
    metrics = {"accuracy": accuracy, "accuracy_low": accuracy - 0.1, "chance": 0.2}
    return {"metrics": metrics, "first_losses": [1.9, 1.8], "first_updates": [0.1, 0.2]}


class FakeClone:
    """In place of a clone: each training of a row takes the next of its given accuracies."""

    def __init__(self, folder, accuracies):
        self.folder, self.left, self.now, self.trained, self.reproduced = folder, accuracies, {}, [], []
        (folder / "reports").mkdir(parents=True, exist_ok=True)
        (folder / "dvc.lock").write_text("stages: {}\n")

    def repro(self, *targets):
        self.reproduced.append(targets)
        for row, values in self.left.items():
            if row not in self.now:
                self.now[row] = values.pop(0)
        rows = {row: numbers(accuracy)["metrics"] for row, accuracy in self.now.items()}
        write_json(self.folder / METRICS, {"data": {}, "rows": rows})

    def train_again(self, rows):
        self.trained.append(rows)
        for row in rows:
            self.now[row] = self.left[row].pop(0)

    def first_steps(self, row, flips=0, environment=None):
        return [{"first_losses": [1.9, 1.8], "first_updates": [0.1, 0.2]}]

    def lock(self):
        return LOCK

    def rows(self, names=None):
        return {row: numbers(accuracy) for row, accuracy in self.now.items() if names is None or row in names}


@pytest.fixture
def root(tmp_path):
    """A committed state of two rows, recorded on this machine."""
    folder = tmp_path / "root"
    write_json(folder / METRICS, {"data": {}, "rows": {row: numbers(0.5)["metrics"] for row in "ab"}})
    (folder / "dvc.lock").write_text(json.dumps(LOCK))
    about = {"metrics_sha256": sha256_of(folder / METRICS), "machine": fingerprint(), "rows": {row: numbers(0.5) for row in "ab"}}
    write_json(folder / "reports" / "reference" / "here.json", about)
    return folder


def verified(root, monkeypatch, names=None, **accuracies):
    clone = FakeClone(root.parent / "clone", accuracies)
    monkeypatch.setattr(verify, "Clone", lambda *_: clone)
    return clone, *verify.verify(root, root.parent / "clone", names)


def test_verify__known_machine_wants_equal_rows_and_trains_a_differing_one_again(root, monkeypatch, capsys):
    clone, found, differences = verified(root, monkeypatch, a=[0.5], b=[0.6, 0.5])
    assert clone.trained == [["b"]] and differences == [] and not any(verdict.differences for verdict in found)
    assert {verdict.checked for verdict in found} == {"metrics and first losses equal"}
    assert "trained once more, for they differed: b" in capsys.readouterr().out


def test_verify__row_that_differs_twice_is_a_difference(root, monkeypatch):
    _, found, _ = verified(root, monkeypatch, a=[0.5], b=[0.6, 0.6])
    assert [what for what, *_ in found[1].differences] == ["b: accuracy", "b: accuracy_low"]


def test_verify__some_rows_alone(root, monkeypatch):
    clone, found, differences = verified(root, monkeypatch, ["b"], b=[0.5])
    assert clone.reproduced == [("evaluate@b",)] and [verdict.row for verdict in found] == ["b"] and differences == []
    with pytest.raises(InputError, match="--rows: expected some of a, b, received c"):
        verified(root, monkeypatch, ["c"])


def test_verify__new_machine_by_first_steps(root, monkeypatch, capsys):
    path = root / "reports" / "reference" / "here.json"
    reference = json.loads(path.read_text())
    reference["machine"]["processor"] = "another"
    write_json(path, reference)
    write_json(root / verify.SPREAD, {"rows": {row: {"first_losses": [0.01] * 2, "first_updates": [0.01] * 2} for row in "ab"}})
    _, found, _ = verified(root, monkeypatch, a=[0.9], b=[0.25])
    assert found[0].differences == [] and found[0].checked == "first steps; accuracy above chance"
    assert [what for what, *_ in found[1].differences] == ["b: accuracy_low"]
    assert "processor: another there" in capsys.readouterr().out


def test_verify__tampered_metrics_belong_to_no_reference(root, monkeypatch):
    write_json(root / METRICS, {"data": {}, "rows": {row: numbers(0.7)["metrics"] for row in "ab"}})
    with pytest.raises(InputError, match="that belongs to reports/metrics.json, found none"):
        verified(root, monkeypatch, a=[0.7], b=[0.7])


def test_compare_report__other_data_or_numbers_than_its_rows():
    rows, report = {"a": numbers(0.5)}, {"data": {"profile": "demo"}, "rows": {"a": numbers(0.5)["metrics"]}}
    assert verify.compare_report(report, report, rows) == []
    assert verify.compare_report(report, report | {"data": {}}, rows)[0][0] == "data"
    assert verify.compare_report(report, report, {"a": numbers(0.6)})[0][0] == METRICS


def test_record__a_row_is_trained_until_two_of_its_trainings_agree(tmp_path, monkeypatch, capsys):
    clone = FakeClone(tmp_path / "clone", {"a": [0.5, 0.5], "b": [0.9, 0.8, 0.8]})  # b's first training is the rare one
    monkeypatch.setattr(verify, "Clone", lambda *_: clone)
    stale = tmp_path / "root" / "reports" / "reference" / "old.json"
    stale.parent.mkdir(parents=True)
    stale.touch()
    verify.record(tmp_path / "root", tmp_path / "clone")
    assert clone.trained == [["a", "b"], ["b"]] and "trained once more, for they differed: b" in capsys.readouterr().out
    (reference,) = (json.loads(path.read_text()) for path in stale.parent.iterdir())
    assert reference["rows"] == {"a": numbers(0.5), "b": numbers(0.8)} and reference["machine"] == fingerprint()
    assert json.loads((tmp_path / "root" / METRICS).read_text())["rows"]["b"]["accuracy"] == 0.8
    assert (tmp_path / "root" / "dvc.lock").exists() and reference["metrics_sha256"] == sha256_of(tmp_path / "root" / METRICS)


def test_show__verdict_of_every_row_and_their_number(capsys):
    checked = "first steps; accuracy above chance"
    assert verify.show([Verdict("a", checked, []), Verdict("b", checked, [])], []) is False
    assert f"reproduced: the data's hashes, and 2 rows (2: {checked})" in capsys.readouterr().out
    assert verify.show([Verdict("a", checked, [])], []) is False
    assert "and 1 row (1: " in capsys.readouterr().out
    assert verify.show([Verdict("a", checked, [("a: loss of step 2", 1.8, 1.9, "within 0.010000")])], []) is True
    said = capsys.readouterr().out
    assert "differs" in said and "a: loss of step 2" in said and "not reproduced: 1 difference\n" in said
