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
    assert "--row: expected one of leaky, official, compact-0" in output


class Asked:
    """Stands in for git and DVC: what a status command finds."""

    def __init__(self, monkeypatch, changed="", stale=0):
        self.commands = []
        monkeypatch.setattr(record, "output_of", lambda *command: self.commands.append(command) or changed)
        monkeypatch.setattr(record.subprocess, "run", lambda command, check: self.commands.append(command) or self)
        self.returncode = stale


def checked(tiny_settings, target="evaluate@compact-0", settings=None, timed=None):
    made = tiny_settings.model_dump()
    digest = (timed or tiny_settings).digest()
    record.check_made_by(target, settings or made, made, {"settings_sha256": digest})


def test_check_made_by__run_of_todays_params_by_the_committed_code_passes(monkeypatch, tiny_settings):
    asked = Asked(monkeypatch)
    checked(tiny_settings)
    assert asked.commands[0][:3] == ("git", "status", "--porcelain") and "pipeline" in asked.commands[0]
    assert asked.commands[1] == ["dvc", "status", "--quiet", "--with-deps", "evaluate@compact-0"]


@pytest.mark.parametrize(
    ("asked", "change", "message"),
    [
        ({"changed": " M pipeline/x.py"}, {}, "expected the code of a commit, received changes in pipeline/x.py"),
        ({}, {"settings": {"epochs": 9}}, "expected the row as params.yaml says it now, received a run with other epochs; run `dvc repro"),
        ({}, {"timed": {"seed": 9}}, "expected the timings of this training, received those of another"),
        ({"stale": 1}, {}, "expected evaluate@compact-0 to be up to date"),
    ],
)
def test_check_made_by__anything_else_is_refused(monkeypatch, tiny_settings, asked, change, message):
    Asked(monkeypatch, **asked)
    settings = tiny_settings.model_dump() | change["settings"] if "settings" in change else None
    timed = tiny_settings.model_copy(update=change["timed"]) if "timed" in change else None
    with pytest.raises(InputError, match=message):
        checked(tiny_settings, settings=settings, timed=timed)


@pytest.mark.parametrize(("text", "refused"), [("stages: {}\n", False), ("stages: {other: {}}\n", True)])
def test_check_made_by__pipeline_that_is_not_its_stages_yaml_is_refused(monkeypatch, tiny_settings, tmp_path, text, refused):
    monkeypatch.chdir(tmp_path)
    Asked(monkeypatch)
    (tmp_path / "beyond").mkdir()
    (tmp_path / "beyond" / "stages.yaml").write_text("stages: {}\n")
    (tmp_path / "beyond" / "dvc.yaml").write_text(text)
    if refused:
        with pytest.raises(InputError, match="expected beyond/dvc.yaml as its stages.yaml says, received another; `make beyond`"):
            checked(tiny_settings, "beyond/dvc.yaml:evaluate@compact-0")
    else:
        checked(tiny_settings, "beyond/dvc.yaml:evaluate@compact-0")


def test_all_overrides__of_every_file_of_params(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for file, text in (("params.yaml", "seed: 1"), ("beyond/params.yaml", "beyond: {a: {seed: 2}}"), ("grid/params.yaml", "grid: 1")):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    committed = {"HEAD:params.yaml": "seed: 0", "HEAD:beyond/params.yaml": "beyond: {a: {seed: 0}}", "HEAD:grid/params.yaml": "grid: 1"}
    monkeypatch.setattr(record, "output_of", lambda *command: committed[command[-1]])
    assert record.all_overrides() == ["-S seed=1", "-S beyond/params.yaml:beyond.a.seed=2"]


def test_output_of__is_what_a_command_prints_without_its_line_end_and_a_failure_is_not_silent():
    assert record.output_of("echo", "a b") == "a b"
    with pytest.raises(record.subprocess.CalledProcessError):
        record.output_of("false")


@pytest.mark.parametrize(("section", "target"), [("rows", "evaluate@a"), ("beyond", "beyond/dvc.yaml:evaluate@a")])
def test_main__a_line_for_the_row_of_either_section(monkeypatch, tmp_path, capsys, section, target):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["record", "--section", section, "--row", "a"])
    row = type("Row", (), {"recipe": "modern"})()
    loaded = type("Params", (), {"section": lambda self, name: {"a": row}})()
    monkeypatch.setattr(record.parameters, "load", lambda: loaded)
    monkeypatch.setattr(record, "read_rows", lambda folder, names, settings: {"a": METRICS})
    timings = {"device": "cpu", "machine": MACHINE, "total_seconds": 61.0, "epoch_seconds": [1.0]}
    folder = "" if section == "rows" else "beyond/"
    files = {"data/raw/source.json": {"source": "archive"}, f"{folder}models/timings/a.json": timings}
    monkeypatch.setattr(record, "read_json", lambda path: files[path.as_posix()])
    monkeypatch.setattr(record, "resolve", lambda params, row, name: type("S", (), {"model_dump": lambda self: METRICS["settings"]})())
    monkeypatch.setattr(record, "all_overrides", lambda: ["-S profile=full"])
    monkeypatch.setattr(record, "output_of", lambda *command: "abc1234")
    made = []
    monkeypatch.setattr(record, "check_made_by", lambda *given: made.append(given))
    for _ in range(2):  # the second takes the first's place
        record.main()
    (line,) = pd.read_csv("results/runs.csv").to_dict("records")
    assert line["command"] == f"FER2013_ARCHIVE=/path/to/fer2013.zip dvc exp run -S profile=full {target}"
    assert (line["minutes"], line["commit"], line["recipe"]) == (1.02, "abc1234", "modern") and made[0][0] == target
    assert capsys.readouterr().out.splitlines()[-1] == "results/runs.csv: a, accuracy 70.00 %, 1.02 minutes"
