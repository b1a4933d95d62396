"""grid/dvc.yaml under DVC, for real: a network and two optimizers on synthetic faces."""

import json
import shutil
from itertools import product

import pandas as pd
import pytest

CELLS = ["-".join(cell) for cell in product(("unbalanced",), ("GoogLeNet",), ("adam", "sgd"), ("16",))]
TINY = ("dvc", "exp", "run", "-S", "profile=tiny", "grid/dvc.yaml")


@pytest.fixture(scope="module")
def searched(project):
    """The project after `dvc repro grid/dvc.yaml`, whose output it keeps."""
    project.searched = project.run("dvc", "repro", "grid/dvc.yaml")
    yield project
    project.restore()
    (project.folder / "grid" / "dvc.lock").unlink()
    for name in ("models", "reports"):
        shutil.rmtree(project.folder / "grid" / name)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("optimizer:           #", "optimizer: sgd       #", "optimizer: expected none, for the grid tries several, received sgd"),
        ("validation_share: 0.1  # cut", "validation_share: 0.0  # cut", "profiles.demo.validation_share: expected more than 0"),
    ],
)
def test_grid__nothing_to_search_or_to_choose_by_is_refused(project, old, new, message):
    settings = project.folder / "grid" / "models" / "settings"
    before = settings.exists() and settings.stat()
    project.edit("params.yaml", old, new)
    output = project.run("python", "-m", "pipeline.resolve", "--section", "grid", ok=False)
    project.run("git", "checkout", "--quiet", "params.yaml")
    assert message in output and (settings.exists() and settings.stat()) == before


def test_grid__every_cell_then_choice_and_report(searched):
    cells = {f"grid/dvc.yaml:train@{cell}" for cell in CELLS}
    assert searched.ran(searched.searched) == cells | {f"grid/dvc.yaml:{stage}" for stage in ("resolve", "choose", "report")}
    assert searched.ran(searched.run("dvc", "repro", "grid/dvc.yaml")) == searched.ran(searched.run("dvc", "repro")) == set()
    reports = searched.folder / "grid" / "reports"
    lines = pd.read_csv(reports / "search" / "cells.csv", dtype=str)
    assert len(lines) == len(CELLS) and lines["Validation faces"].astype(int).min() > 0
    optimism = pd.read_csv(reports / "tables" / "optimism.csv", dtype=str)
    assert optimism.Runs.tolist() == ["2 of 2"] and (optimism.Difference.astype(float) >= 0).all()
    rows = json.loads((reports / "metrics.json").read_text())["rows"]
    assert list(rows) == ["table2-GoogLeNet"]  # the line of the paper that the cells can stand for
    assert "cells by validation accuracy" in (reports / "index.html").read_text()
    chosen = json.loads((reports / "chosen" / "table2-GoogLeNet" / "metrics.json").read_text())
    assert chosen["settings"]["row"] in CELLS and chosen["settings"]["data"] == "unbalanced"


def test_grid__glob_takes_some_and_a_new_batch_size_trains_its_cells_only(searched):
    searched.edit("grid/params.yaml", "  batch_size: [16]", "  batch_size: [16, 8]")
    output = searched.run("dvc", "repro", "--glob", "grid/dvc.yaml:train@unbalanced-GoogLeNet-adam-*")
    assert searched.ran(output) == {"grid/dvc.yaml:train@unbalanced-GoogLeNet-adam-8", "grid/dvc.yaml:resolve"}
    searched.run("dvc", "repro", "--single-item", "grid/dvc.yaml:choose")  # of what was run
    searched.run("git", "checkout", "--quiet", "grid/params.yaml")
    optimism = pd.read_csv(searched.folder / "grid" / "reports" / "search" / "optimism.csv", dtype=str)
    assert optimism.Runs.tolist() == ["3 of 4"]


def test_grid__profile_tiny_draws_few_faces(searched):
    *options, target = TINY
    searched.run(*options, f"{target}:resolve")
    settings = json.loads((searched.folder / "grid" / "models" / "settings" / f"{CELLS[0]}.json").read_text())
    split = pd.read_csv(searched.folder / "data" / "splits" / "unbalanced.csv").split.value_counts()
    source = json.loads((searched.folder / "data" / "raw" / "source.json").read_text())
    assert (settings["epochs"], split["train"], split["validation"], source["faces"]) == (1, 180, 60, 2400)
