import argparse

import pytest

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


def test_add_section__another_one_is_refused(capsys):
    parser = argparse.ArgumentParser()
    add_section(parser, ("rows", "grid"))
    assert parser.parse_args([]).section == Section("rows") and parser.parse_args(["--section", "grid"]).section == Section("grid")
    with pytest.raises(SystemExit) as caught:  # a report in beyond/ would be another stage's
        parser.parse_args(["--section", "beyond"])
    assert caught.value.code == 2 and "argument --section: expected one of rows, grid, received 'beyond'" in capsys.readouterr().err
