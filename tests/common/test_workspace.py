import argparse

import pytest

from pipeline.common.errors import InputError
from pipeline.common.workspace import Section, add_section, stage_of


@pytest.mark.parametrize(
    ("path", "stage", "name"),
    [
        ("models/settings/a.json", "resolve", "resolve"),
        ("reports/rows/a/metrics.json", "evaluate@a", "evaluate@a"),
        ("beyond/models/a/network.json", "train@a", "beyond/dvc.yaml:train@a"),
        ("grid/reports/rows/a/metrics.json", "evaluate@a", "grid/dvc.yaml:train@a"),  # one stage trains and evaluates a cell
        ("grid/reports/chosen/a/metrics.json", "evaluate@a", "grid/dvc.yaml:choose"),
    ],
)
def test_stage_of__is_the_one_that_writes_the_path(path, stage, name):
    assert stage_of(path, stage) == name


def test_check_row__unknown_one_lists_those_that_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for section, told in (("rows", "run `dvc repro resolve`"), ("beyond", "run `make beyond` and `dvc repro beyond/dvc.yaml:resolve`")):
        with pytest.raises(InputError, match=f"expected settings in .*models/settings, found none; {told}"):
            Section(section).check_row("a")
    folder = tmp_path / "models" / "settings"
    folder.mkdir(parents=True)
    for name in ("b", "a"):
        (folder / f"{name}.json").touch()
    Section("rows").check_row("a")
    with pytest.raises(InputError, match="--row: expected one of a, b, received 'c'; a new row needs `dvc repro resolve` first"):
        Section("rows").check_row("c")
    for number in range(112):
        (folder / f"cell-{number}.json").touch()
    with pytest.raises(InputError, match=r"--row: expected one of cell-1, .*\.\.\., received 'cel-1'"):
        Section("rows").check_row("cel-1")


def test_add_section__another_one_is_refused(capsys):
    parser = argparse.ArgumentParser()
    add_section(parser, ("rows", "grid"))
    assert parser.parse_args([]).section == Section("rows") and parser.parse_args(["--section", "grid"]).section == Section("grid")
    with pytest.raises(SystemExit) as caught:  # a report in beyond/ would be another stage's
        parser.parse_args(["--section", "beyond"])
    assert caught.value.code == 2 and "argument --section: expected one of rows, grid, received 'beyond'" in capsys.readouterr().err
