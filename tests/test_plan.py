"""python -m pipeline.plan on a tiny project: what would run, and a cost that a run then has."""

import re
import shutil
from types import SimpleNamespace

import pytest

from pipeline import plan
from pipeline.common.errors import InputError


@pytest.fixture(autouse=True)
def _restored(project):
    yield
    project.restore()
    (project.folder / "grid" / "dvc.lock").unlink(missing_ok=True)
    shutil.rmtree(project.folder / "grid" / "models", ignore_errors=True)


def test_plan__nothing_to_run(project):
    assert "dvc.yaml: 0 of 2 trainings would run" in project.run("python", "-m", "pipeline.plan", "dvc.yaml")


def test_plan__one_changed_row_measured(project):
    project.edit("params.yaml", "optimizer: sgd, batch_size: 32", "optimizer: sgd, batch_size: 7")  # no other test's: none is in the cache
    output = project.run("python", "-m", "pipeline.plan", "dvc.yaml")
    assert "dvc.yaml: 1 of 2 trainings would run" in output and project.ran(output) <= {"resolve"}
    *_, line = [line for line in output.splitlines() if "table2-GoogLeNet" in line]  # before it stands in the table of resolve
    assert 0 < float(line.split()[-2]) < 0.1  # hours
    hours = re.findall(r"(\d) workers? like this machine: ([\d.]+) hours", output)
    assert [workers for workers, _ in hours] == ["1", "2", "8"] and hours[0][1] == hours[2][1]  # one cell cannot be shared
    assert re.search(r"disk: 0\.0[1-9] GiB of weights", output)  # GoogLeNet has 6 million float32 weights


def test_plan__unknown_cell_is_refused(project):
    output = project.run("python", "-m", "pipeline.plan", "grid/dvc.yaml", "--cells", "table2-*", ok=False)
    assert "plan: --cells: expected a name or a pattern of cells of grid/dvc.yaml" in output


def test_measured__steps_that_are_killed_say_their_exit_status(monkeypatch, tiny_settings):
    monkeypatch.setattr(plan.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=-9, stdout="", stderr=""))
    with pytest.raises(InputError, match="MobileNetV2: expected a few steps to run, received: exit status -9"):
        plan.measured([tiny_settings])
