import json

from pipeline import verify


def test_record__a_row_is_trained_until_two_of_its_trainings_agree(tmp_path, monkeypatch, capsys):
    scores = iter([{"a": 0.5, "b": 0.9}, {"a": 0.5, "b": 0.8}, {"a": 0.5, "b": 0.8}])  # b's first training is the rare one
    trained, now = [], {}

    def run(folder):
        (folder / "reports").mkdir(parents=True, exist_ok=True)
        now["metrics"] = {"rows": {row: {"accuracy": value} for row, value in next(scores).items()}}
        (folder / "reports" / "metrics.json").write_text(json.dumps(now["metrics"]))
        (folder / "dvc.lock").write_text("schema: '2.0'\n")
        return {}, now["metrics"]

    def repro(folder, arguments, environment=None):
        if arguments:
            trained.append(arguments[2:])
            return {}, None
        return run(folder)

    monkeypatch.setattr(verify, "reproduce", lambda root, folder: run(folder))
    monkeypatch.setattr(verify, "repro", repro)
    (tmp_path / "root" / "reports").mkdir(parents=True)
    verify.record(tmp_path / "root", tmp_path / "clone")
    assert trained == [["train@a", "train@b"], ["train@b"]]
    assert "trained once more, for they differed: b" in capsys.readouterr().out
    assert json.loads((tmp_path / "root" / "reports" / "metrics.json").read_text())["rows"]["b"]["accuracy"] == 0.8
    assert (tmp_path / "root" / "dvc.lock").exists() and (tmp_path / "root" / "reports" / "machine.json").exists()
