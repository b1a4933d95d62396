import shutil

import pytest

from pipeline.training import source


@pytest.fixture
def copy(tmp_path, monkeypatch):
    shutil.copytree(source.PIPELINE, tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(source, "PIPELINE", tmp_path / "pipeline")
    return tmp_path / "pipeline"


@pytest.mark.parametrize("name", ["train.py", "config/settings.py", "dataset/arrays.py", "networks/GoogLeNet.py", "training/fit.py"])
def test_sha256_of_source__an_edit_of_what_trains_the_row_changes_it(copy, name):
    before = source.sha256_of_source("GoogLeNet")
    (copy / name).write_bytes((copy / name).read_bytes() + b"# one more\n")
    assert source.sha256_of_source("GoogLeNet") != before


@pytest.mark.parametrize("name", ["networks/ResNet50.py", "report.py", "config/params.py", "common/progress.py"])
def test_sha256_of_source__an_edit_elsewhere_does_not(copy, name):
    before = source.sha256_of_source("GoogLeNet")
    (copy / name).write_bytes((copy / name).read_bytes() + b"# one more\n")
    assert source.sha256_of_source("GoogLeNet") == before


def test_sha256_of_source__line_ends_of_a_checkout_do_not_count(copy):
    before = source.sha256_of_source("GoogLeNet")
    (copy / "train.py").write_bytes((copy / "train.py").read_bytes().replace(b"\n", b"\r\n"))
    assert source.sha256_of_source("GoogLeNet") == before


def test_sha256_of_source__is_what_the_stage_depends_on():
    import yaml

    deps = yaml.safe_load(open("dvc.yaml", encoding="utf-8"))["stages"]["train"]["do"]["deps"]
    code = {dep.removeprefix("pipeline/") for dep in deps if dep.startswith("pipeline/")}
    assert code == {"train.py", "config/settings.py", "dataset", "networks/${item.model}.py", "networks/shared", "training"}
    assert {pattern.removesuffix("/*.py") for pattern in source.ALWAYS} == code - {"networks/${item.model}.py"}
