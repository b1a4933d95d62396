"""The stages under DVC, for real, on two small networks and 900 synthetic faces. One project, left as it was found by each test."""

import json
import os
import shutil

import pandas as pd
import pytest

from pipeline.common.files import write_json
from pipeline.reproduction.references import METRICS, REFERENCES, write_reference
from tests.faces.archives import make_zip
from tests.faces.images import picture

EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
ALL = {"fetch", "to_rgb", "balance", "resolve", "audit", "report"} | {
    f"{stage}@{row}" for stage in ("train", "evaluate") for row in ("table2-GoogLeNet", "table3-MobileNetV2")
}
RESOLVE = ("resolve", "beyond/dvc.yaml:resolve")  # of the root's rows and of those beyond
MOBILENET = {"train@table3-MobileNetV2", "evaluate@table3-MobileNetV2"}


@pytest.fixture(autouse=True)
def _restored(project):
    yield
    project.restore()


def test_repro__first_runs_every_stage_and_second_none(project):
    assert project.ran(project.first) == ALL
    again = project.run("dvc", "repro")
    assert project.ran(again) == set()
    assert project.run("git", "status", "--porcelain") == ""


def test_repro__outputs_are_what_the_readme_says(project):
    reports = project.folder / "reports"
    metrics = json.loads((reports / "metrics.json").read_text())
    assert metrics["data"] == {"profile": "demo", "source": "synthetic", "synthetic_faces": True}
    assert set(metrics["rows"]) == {"table2-GoogLeNet", "table3-MobileNetV2"}
    for name in ("table2", "table3", "table4"):
        assert (reports / "tables" / f"{name}.csv").exists() and "SYNTHETIC" in (reports / "tables" / f"{name}.md").read_text()
    table = pd.read_csv(reports / "tables" / "table2.csv", dtype=str)
    assert table.Accuracy.tolist().count("not run") == 6
    shown = 100 * metrics["rows"]["table2-GoogLeNet"]["accuracy"]
    assert table.set_index("Models").Accuracy["GoogleNet"] == f"{shown:.2f}"
    predictions = pd.read_parquet(reports / "rows" / "table2-GoogLeNet" / "predictions.parquet")
    split = pd.read_csv(project.folder / "data" / "splits" / "unbalanced.csv")
    assert predictions.face.tolist() == split.face[split.split == "test"].tolist()  # every test face once
    emotions = predictions.columns[4:]
    assert (predictions[emotions].idxmax(axis=1) == predictions.emotion).mean() == metrics["rows"]["table2-GoogLeNet"]["accuracy"]
    assert set(os.listdir(project.folder / "models" / "table2-GoogLeNet")) == {
        "first_losses.json", "history.csv", "model.weights.h5", "network.json",
    }  # fmt: skip
    assert not list((project.folder / "models" / "live").iterdir())  # of rows that train now
    history = pd.read_csv(project.folder / "models" / "table2-GoogLeNet" / "history.csv")
    assert list(history) == ["epoch", "loss", "accuracy", "learning_rate", "val_loss", "val_accuracy"]


def test_repro__a_colour_reruns_report_and_audit_which_share_a_room(project):
    project.edit("pipeline/reporting/figures.py", '"cividis"', '"viridis"')
    assert project.ran(project.run("dvc", "repro")) == {"audit", "report"}


def test_repro__a_message_reruns_nothing(project):
    project.edit("pipeline/common/progress.py", "Units per second.", "Units a second.")
    assert project.ran(project.run("dvc", "repro")) == set()


def test_repro__a_networks_file_retrains_only_its_rows_to_the_same_bytes(project):
    weights = project.folder / "models" / "table3-MobileNetV2" / "model.weights.h5"
    before = weights.read_bytes()
    project.edit("pipeline/networks/MobileNetV2.py", "width multiplier 1.", "width multiplier one.")
    status = json.loads(project.run("dvc", "status", "--json", "dvc.yaml"))
    assert set(status) == {"resolve"} | MOBILENET  # resolve asks it for its sizes
    ran = project.ran(project.run("dvc", "repro", "evaluate@table3-MobileNetV2"))
    assert ran == {"resolve"} | MOBILENET
    assert weights.read_bytes() == before  # the words of a docstring change no weight


def test_repro__output_damaged_in_place_is_made_again_as_it_was(project):
    # With hard links the edit would reach DVC's cache, and the next repro would call the damaged file up to date.
    split = project.folder / "data" / "splits" / "unbalanced.csv"
    before = split.read_bytes()
    with open(split, "r+b") as file:
        file.write(b"damaged")
    project.run("dvc", "repro")
    assert split.read_bytes() == before and project.run("git", "status", "--porcelain") == ""


def test_repro__bad_params_stop_it_in_one_line(project):
    before = (project.folder / "dvc.lock").read_bytes()
    project.edit("params.yaml", "model: GoogLeNet, optimizer: sgd", "model: GoogleNet, optimizer: sgd")
    output = project.run("dvc", "repro", ok=False)
    assert "rows.table2-GoogLeNet.model: expected one of Compact, CompactWide, GoogLeNet" in output and "received 'GoogleNet'" in output
    assert "Traceback" not in output
    assert not {stage for stage in project.ran(output) if "@" in stage}
    assert (project.folder / "dvc.lock").read_bytes() == before
    assert (project.folder / "models" / "table2-GoogLeNet" / "model.weights.h5").exists()


def test_exp_run__optimizer_retrains_only_rows_that_change_and_going_back_trains_nothing(project):
    output = project.run("dvc", "exp", "run", "--name", "all-sgd", "-S", "optimizer=sgd")
    assert project.ran(output) == {"resolve", "report"} | MOBILENET
    told = project.run("dvc", "metrics", "diff", "--json")  # after a warning: those of beyond and grid were not run
    changed = json.loads(told[told.index("{") :])["reports/metrics.json"]
    assert {key.split(".")[0] for key in changed} <= {"rows", "summary"}
    assert not any("GoogLeNet" in key for key in changed)
    assert "optimizer" in project.run("dvc", "params", "diff")
    shown = project.run("dvc", "exp", "show", "--csv")
    assert "all-sgd" in shown and "optimizer" in shown
    # DVC's -S keeps the comments of params.yaml
    assert "# of every random source" in (project.folder / "params.yaml").read_text()
    project.run("git", "checkout", "--quiet", ".")
    back = project.run("dvc", "repro")
    assert not {stage for stage in project.ran(back) if stage.startswith("train")}
    assert project.run("git", "status", "--porcelain") == ""


def test_exp_run__overrides_reach_the_settings(project):
    # resolve alone tells what would be trained: a row retrains where its settings file changes.
    def changed(*overrides):
        options = [word for override in overrides for word in ("-S", override)]
        assert project.ran(project.run("dvc", "exp", "run", *options, "resolve")) == {"resolve"}
        after = {path.stem: json.loads(path.read_text()) for path in (project.folder / "models" / "settings").glob("*.json")}
        differing = {(row, key) for row in after for key in after[row] if after[row][key] != before[row][key]}
        return {(row, key): after[row][key] for row, key in differing}

    before = {path.stem: json.loads(path.read_text()) for path in (project.folder / "models" / "settings").glob("*.json")}
    rows = ("table2-GoogLeNet", "table3-MobileNetV2")
    assert changed("epochs=2", "batch_size=64") == {(row, key): value for row in rows for key, value in (("epochs", 2), ("batch_size", 64))}
    project.run("git", "checkout", "--quiet", ".")
    only = changed("rows.table2-GoogLeNet.optimizer=adam")
    assert set(only) == {("table2-GoogLeNet", "optimizer")} and only["table2-GoogLeNet", "optimizer"]["name"] == "adam"


def test_exp_run__what_names_the_faces_but_does_not_change_them_retrains_nothing(project):
    output = project.run("dvc", "exp", "run", "-S", "sources.archive.sha256=null", "-S", "sources.archive.licence=other")
    assert project.ran(output) == {"fetch", "resolve"}


def test_exp_run__queued_sweep_runs_both(project):
    project.run("dvc", "exp", "run", "--queue", "--name", "sweep", "-S", "optimizer=adam,sgd", "resolve")  # tests/test_queue.py trains
    project.start_queue()
    assert project.wait_for_queue("sweep-") == {"sweep-1": "Success", "sweep-2": "Success"}
    project.run("dvc", "queue", "stop")
    found = json.loads(project.run("dvc", "exp", "show", "--json", "--num", "1"))[-1]["experiments"]
    kept = {one["name"]: one["revs"][0]["data"]["params"]["params.yaml"]["data"]["optimizer"] for one in found}
    assert {kept["sweep-1"], kept["sweep-2"]} == {"adam", "sgd"}


def test_dag_and_plots__render(project, tmp_path):
    assert "report" in project.run("dvc", "dag")
    project.run("dvc", "plots", "show", "--out", str(tmp_path / "plots"))
    html = (tmp_path / "plots" / "index.html").read_text()
    for title in ("accuracy by epoch", "loss by epoch", "ROC", "confusion", "figure1.png"):
        assert title in html
    assert html.count('"facet": {') == 4  # our templates, one small chart a row


def test_exp_run__archive_brings_the_real_faces(project):
    archive = os.environ.get("FER2013_TEST_ARCHIVE")
    if not archive:
        pytest.skip("FER2013_TEST_ARCHIVE names no archive of FER-2013")
    fewer = ("-S", "+profiles.full.train_faces=4000", "-S", "+profiles.full.validation_share=0.1")
    output = project.run("dvc", "exp", "run", "-S", "profile=full", *fewer, *RESOLVE, env=os.environ | {"FER2013_ARCHIVE": archive})
    leaky = json.loads((project.folder / "beyond" / "models" / "settings" / "leaky.json").read_text())
    source = json.loads((project.folder / "data" / "raw" / "source.json").read_text())
    (project.folder / "beyond" / "dvc.lock").unlink()  # as other test files expect it
    shutil.rmtree(project.folder / "beyond" / "models")
    assert project.ran(output) == {"fetch", "to_rgb", "balance", *RESOLVE}
    assert "train 28,709  test  7,178  expected 28,709 and  7,178" in output
    splits = {name: pd.read_csv(project.folder / "data" / "splits" / f"{name}.csv") for name in ("unbalanced", "balanced")}
    assert splits["unbalanced"].split.value_counts().to_dict() == {"test": 7178, "train": 3597, "validation": 403}
    assert splits["balanced"].split.value_counts()["test"] == 766
    assert (source["source"], source["faces"]) == ("archive", 35887)
    assert (leaky["batch_norm_faces"], leaky["epochs"], leaky["data"]) == (4096, 60, "balanced_leaky")


def test_exp_run__temporary_copy_finds_an_ignored_archive_by_its_relative_path(project):
    files = {
        f"{part}/{emotion}/{number}.png": picture(9 * number + 20 * kind + 5 * (part == "test"), 48, 48)
        for part in ("train", "test") for kind, emotion in enumerate(EMOTIONS) for number in range(3)
    }  # fmt: skip
    (project.folder / "models" / "own").mkdir()  # git ignores it, and DVC copies nothing that git ignores
    make_zip(project.folder / "models" / "own" / "faces.zip", files)
    changes = ("profiles.demo.source=archive", "sources.archive.sha256=null", "sources.archive.expected=null")
    options = [word for change in changes for word in ("-S", change)]
    environment = os.environ | {"FER2013_ARCHIVE": "models/own/faces.zip"}
    output = project.run("dvc", "exp", "run", "--temp", *options, "fetch", env=environment)
    shutil.rmtree(project.folder / "models" / "own")
    assert project.ran(output) == {"fetch"} and "all  train     21  test     21" in output


def test_verify__reproduces_all_but_a_tampered_metric(project):
    # One real run in a fresh clone, of a row by name (CI runs the whole): the only difference is the one that was put there.
    path = project.folder / METRICS
    metrics = json.loads(path.read_text())
    metrics["rows"]["table2-GoogLeNet"]["accuracy"] += 0.01
    path.write_text(json.dumps(metrics))
    write_json(project.folder / "reports" / "spread.json", {"first_losses": {}})
    losses = {row: json.loads((project.folder / "models" / row / "first_losses.json").read_text()) for row in metrics["rows"]}
    write_reference(project.folder, {row: {"metrics": metrics["rows"][row], "first_losses": losses[row]} for row in metrics["rows"]})
    output = project.run("python", "-m", "pipeline.verify", "--rows", "table2-GoogLeNet", ok=False)
    assert "equal in everything, for this machine's numbers are known" in output
    assert "trained once more, for they differed: table2-GoogLeNet\n" in output
    assert "not reproduced: 1 difference\n" in output and "table2-GoogLeNet: accuracy" in output
    verdicts = [line.split() for line in output.splitlines() if "metrics and first losses equal" in line]
    assert [(words[1], words[-2]) for words in verdicts] == [("table2-GoogLeNet", "differs")]
    (project.folder / "reports" / "spread.json").unlink()
    shutil.rmtree(project.folder / REFERENCES)


def test_verify__without_committed_results_says_so(project):
    (project.folder / "dvc.lock").unlink()
    output = project.run("python", "-m", "pipeline.verify", ok=False)
    assert "expected" in output and "dvc.lock" in output and "Traceback" not in output


def test_exp_run__paper_profile_is_planned_as_printed(project):
    # Trained it would take days: resolve shows what it would do, on the drawn faces for want of an archive.
    project.edit("params.yaml", "days on a GPU\n    source: archive", "days on a GPU\n    source: synthetic")
    output = project.run("dvc", "exp", "run", "-S", "profile=paper", "resolve")
    line = next(line for line in output.splitlines() if "table2-GoogLeNet" in line)
    assert [word for word in line.split() if word not in "│┃"] == [
        "table2-GoogLeNet", "unbalanced", "726", "sgd", "32", "700", "16100", "48", "imagenet", "0",
    ]  # fmt: skip
