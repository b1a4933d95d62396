import pandas as pd
import pytest

from pipeline import record
from pipeline.common.errors import InputError

METRICS = {
    "settings": {"seed": 2, "data": "unbalanced", "epochs": 60, "precision": "float32"},
    "faces": {"test": 7178},
    "parameters": 1000,
    "accuracy": 0.7,
    "interval": {"accuracy": [0.69, 0.71]},
    "parts": {"PublicTest": {"accuracy": 0.68}, "PrivateTest": {"accuracy": 0.72}, "without_duplicates": {"accuracy": 0.65}},
}
MACHINE = {"processor": "CPU", "threads": 2, "tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6", "scipy": "1"}


def line(**change):
    timings = {"device": "cpu", "machine": MACHINE, "total_seconds": 30.0, "epoch_seconds": [60.0, 90.0]}  # it was killed and went on
    return record.line("compact-2", METRICS, timings, "modern", "abc1234", "dvc exp run") | change


def test_line__scores_cost_and_how_to_repeat():
    got = line()
    assert (got["accuracy"], got["accuracy_public"], got["accuracy_private"], got["accuracy_without_duplicates"]) == (0.7, 0.68, 0.72, 0.65)
    assert got["minutes"] == 2.5 and got["hardware"] == "CPU, 2 threads" and got["versions"] == "tensorflow 2.21.0 keras 3.15.1 numpy 2.4.6"
    assert list(got)[:4] == ["row", "recipe", "seed", "split"] and got["command"] == "dvc exp run"


def test_add__the_same_run_again_replaces_its_line_and_another_stays(tmp_path):
    runs = record.add(record.add(None, line()), line(seed=3))
    runs.to_csv(tmp_path / "runs.csv", index=False)
    runs = record.add(pd.read_csv(tmp_path / "runs.csv", dtype=str), line(accuracy=0.71))
    assert runs.accuracy.astype(float).tolist() == [0.7, 0.71] and runs.seed.astype(int).tolist() == [3, 2]
    assert len(record.add(runs, line(command="dvc exp run -S epochs=3"))) == 3


def test_add__table_of_another_form_is_refused():
    with pytest.raises(InputError, match="results/runs.csv: expected columns row, recipe"):
        record.add(pd.DataFrame({"row": ["a"]}), line())


def test_overrides__only_what_differs_as_dvc_takes_it():
    committed = {"profile": "demo", "epochs": None, "recipes": {"modern": {"mixup": 0.0, "dropout": 0.3, "tta": 1}}, "rows": [1]}
    current = {"profile": "full", "epochs": 3, "recipes": {"modern": {"mixup": 0.2, "dropout": 0.3, "warm_up": 0.1}}, "rows": [1]}
    modern = ["-S recipes.modern.mixup=0.2", "-S '~recipes.modern.tta'", "-S +recipes.modern.warm_up=0.1"]  # gone, and new
    assert record.overrides(committed, current) == ["-S profile=full", "-S epochs=3", *modern]
    assert record.overrides(committed, committed) == []
    assert record.overrides({"seed": 0}, {"seed": 1, "new": 2}, "beyond/params.yaml:") == [
        "-S beyond/params.yaml:seed=1", "-S beyond/params.yaml:+new=2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("trained", "timed", "message"),
    [
        ({"seed": 1}, {"seed": 1}, "received a run with other seed; run `dvc repro evaluate@table2-GoogLeNet`"),
        ({}, {"precision": "mixed_bfloat16"}, "received those of another: the row came from a cache"),
        ({}, {}, "expected evaluate@table2-GoogLeNet to be up to date"),
    ],
)
def test_record__run_of_something_else_is_refused(project, monkeypatch, tiny_settings, trained, timed, message):
    monkeypatch.chdir(project.folder)
    project.edit("params.yaml", "optimizer: sgd, batch_size: 32", "optimizer: sgd, batch_size: 8")
    project.run("python", "-m", "pipeline.resolve")
    settings, timings = (tiny_settings.model_copy(update=change) for change in (trained, timed))
    with pytest.raises(InputError, match=message):
        record.check_made_by(
            "evaluate@table2-GoogLeNet", settings.model_dump(), tiny_settings.model_dump(), {"settings_sha256": timings.digest()}
        )
    project.run("git", "checkout", "--quiet", ".")
    project.run("dvc", "checkout", "--force", "dvc.yaml")


def test_record__run_on_synthetic_faces_is_refused(project):
    output = project.run("python", "-m", "pipeline.record", "--row", "table2-GoogLeNet", ok=False)
    assert "record: expected a run on real faces, received one on synthetic faces" in output
    output = project.run("python", "-m", "pipeline.record", "--row", "compact-0", "--section", "beyond", ok=False)
    assert "expected beyond/reports/rows/compact-0/metrics.json, found none" in output
    output = project.run("python", "-m", "pipeline.record", "--row", "compact-9", "--section", "beyond", ok=False)
    assert "--row: expected one of leaky-Compact" in output
