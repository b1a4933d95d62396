"""What DVC would train, asked of a tiny project."""

import pytest

from pipeline.common.errors import InputError
from pipeline.search import cells


@pytest.fixture
def here(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    yield project
    project.run("git", "checkout", "--quiet", ".")
    project.run("dvc", "checkout", "--force", "dvc.yaml")


def would_run(pattern="*"):
    with cells.opened() as repo:
        return [name for name, stage in cells.trainings(repo, "dvc.yaml", pattern).items() if cells.would_run(stage)]


def test_would_run__changed_rows_only_and_none_that_the_cache_knows(here):
    assert would_run() == []
    here.edit("params.yaml", "optimizer: sgd, batch_size: 32", "optimizer: sgd, batch_size: 9")
    here.run("dvc", "repro", "resolve")
    assert would_run() == ["table2-GoogLeNet"] and would_run("table3-*") == []
    here.run("git", "checkout", "--quiet", "params.yaml")
    here.run("dvc", "repro", "resolve")
    here.run("rm", "-r", "models/table2-GoogLeNet")
    assert would_run() == []  # gone, but in the run-cache


def test_trainings__unknown_cell_is_refused(here):
    with pytest.raises(InputError, match="--cells: expected a name or a pattern of cells of dvc.yaml .table2-GoogLeNet"):
        would_run("table9-*")


def test_opened__no_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="found no DVC repository in it"), cells.opened():
        pass


def test_inputs__what_other_stages_made_and_a_row_reads(here):
    with cells.opened() as repo:
        stages = cells.trainings(repo, "dvc.yaml", "table3-*").values()
        assert cells.inputs(repo, stages) == ["data/rgb", "data/splits/balanced.csv", "models/settings"]


def test_bring_resolve_up_to_date__bad_params_are_refused(here):
    here.edit("params.yaml", "optimizer: sgd, batch_size: 32", "optimizer: sgd, batch_size: 0")
    with pytest.raises(InputError, match="expected `dvc repro dvc.yaml:resolve` to succeed, received exit status"):
        cells.bring_resolve_up_to_date("dvc.yaml")
