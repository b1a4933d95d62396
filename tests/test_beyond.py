"""beyond/dvc.yaml under DVC, for real, on synthetic faces."""

import json
import shutil

import pandas as pd
import pytest


@pytest.fixture(autouse=True)
def _restored(project):
    yield
    project.restore()
    (project.folder / "beyond" / "dvc.lock").unlink(missing_ok=True)
    for name in ("models", "reports", "exports"):  # another test file may see this project next
        shutil.rmtree(project.folder / "beyond" / name, ignore_errors=True)


def test_beyond__rows_ensemble_and_leak_from_the_same_scripts(project):
    targets = ("beyond/dvc.yaml:report", "beyond/dvc.yaml:export@compact-0")  # of the three exports one, for time: else all of the file
    output = project.run("dvc", "repro", *targets)
    rows = ("leaky", "official", "compact-0")
    names = {f"beyond/dvc.yaml:{stage}@{row}" for stage in ("train", "evaluate") for row in rows}
    assert project.ran(output) == names | {"beyond/dvc.yaml:resolve", "beyond/dvc.yaml:ensemble@both", *targets}
    assert project.ran(project.run("dvc", "repro")) == set()  # the root depends on none of it
    reports = project.folder / "beyond" / "reports"
    leak = pd.read_csv(reports / "tables" / "leak.csv", dtype=str)
    assert leak.Network.tolist() == ["OneConvolution"] and int(leak["Test faces seen in training"][0]) > 0
    page = (reports / "report.md").read_text()
    assert "SYNTHETIC" in page and "mean of leaky, official" in page
    predictions = [pd.read_parquet(reports / name / "predictions.parquet") for name in ("rows/leaky", "rows/official", "ensembles/both")]
    emotions = list(predictions[0].columns[4:])
    mean = (predictions[0][emotions] + predictions[1][emotions]) / 2
    assert (mean - predictions[2][emotions]).abs().to_numpy().max() < 1e-6
    settings = json.loads((project.folder / "beyond" / "models" / "compact-0" / "network.json").read_text())
    assert settings["settings"]["recipe"]["dropout"] == 0.3 and settings["settings"]["optimizer"]["nesterov"]
    metrics = json.loads((reports / "rows" / "compact-0" / "metrics.json").read_text())
    assert metrics["tta"] == {"flip": True, "translate": 2}
    exported = json.loads((project.folder / "beyond" / "exports" / "compact-0" / "metrics.json").read_text())
    assert exported["faces"]["test"] == len(predictions[0]) and exported["largest_difference"] < 1e-4
    assert exported["as_evaluated"] == {"accuracy": metrics["accuracy"], "tta": metrics["tta"]}
    project.edit("params.yaml", "tta: {flip: true, translate: 2}", "tta: {flip: true, translate: 1}")
    assert project.ran(project.run("dvc", "repro", "beyond/dvc.yaml:resolve")) == {"beyond/dvc.yaml:resolve"}
    status = json.loads(project.run("dvc", "status", "--json", "--with-deps", "beyond/dvc.yaml:report"))
    assert set(status) == {"beyond/dvc.yaml:evaluate@compact-0", "beyond/dvc.yaml:report", "beyond/dvc.yaml:ensemble@both"}  # no training


def test_make_beyond__quiet_before_and_another_profile_fetches_again_also_in_temporary_and_queued_ones(project):
    start = project.run("git", "rev-parse", "HEAD").strip()
    project.run("git", "rm", "--quiet", "beyond/dvc.yaml", "grid/dvc.yaml")
    project.run("git", "commit", "--quiet", "-m", "as it comes")
    assert project.run("dvc", "status").splitlines() == ["Data and pipelines are up to date."]
    assert max(map(len, project.run("dvc", "dag", "--collapse-foreach-matrix").splitlines())) <= 140  # DVC's layout varies
    output = project.run("python", "-m", "pipeline.plan", "beyond/dvc.yaml", ok=False)
    assert "plan: expected beyond/dvc.yaml, found none; `make beyond` puts it in place" in output
    project.run("make", "--silent", "-o", ".venv/bin/.installed-predict", "beyond")  # staged, not committed
    output = project.run("dvc", "exp", "run", "--temp", "-S", "profile=tiny", "-S", "seed=77", "beyond/dvc.yaml:resolve")
    assert project.ran(output) == {"fetch", "to_rgb", "balance", "beyond/dvc.yaml:resolve"}
    command = ("--queue", "--name", "queued", "-S", "profile=tiny", "-S", "seed=78", "beyond/dvc.yaml:resolve")
    project.run("dvc", "exp", "run", *command)
    project.start_queue()
    assert project.wait_for_queue("queued") == {"queued": "Success"}
    project.run("dvc", "queue", "stop")
    ran = {"fetch", "to_rgb", "balance", "beyond/dvc.yaml:resolve"}
    assert ran <= project.ran(project.run("dvc", "queue", "logs", "queued"))
    project.run("git", "reset", "--quiet", "--hard", start)
