import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pipeline.common.fingerprint import VARIABLES, caches, fingerprint
from pipeline.reporting.reproduction import compare_hashes, compare_metrics, measure_spread


def metrics(**accuracy):
    return {"data": {"profile": "demo"}, "rows": {row: {"accuracy": value} for row, value in accuracy.items()}}


def lock(md5):
    return {"stages": {"fetch": {"outs": [{"path": "data/raw", "md5": md5}]}}}


def test_compare_hashes__equal_and_tampered():
    assert compare_hashes(lock("a"), lock("a"), ["fetch"]) == []
    assert compare_hashes(lock("a"), lock("b"), ["fetch"]) == [("fetch: data/raw", "a", "b", "equal")]


def test_compare_hashes__stage_missing_from_both_is_a_difference():
    assert len(compare_hashes(lock("a"), lock("a"), ["fetch", "balance"])) == 1


def test_compare_metrics__exact_sees_the_last_digit():
    assert compare_metrics(metrics(a=0.5), metrics(a=0.5), None) == []
    assert len(compare_metrics(metrics(a=0.5), metrics(a=0.5 + 1e-15), None)) == 1


def test_compare_metrics__tolerance_of_the_rows_table():
    tolerance = {"table2": {"accuracy": 0.02}}
    before = {"data": {}, "rows": {"table2-X": {"accuracy": 0.50}}}
    inside, outside = ({"data": {}, "rows": {"table2-X": {"accuracy": value}}} for value in (0.519, 0.521))
    assert compare_metrics(before, inside, tolerance) == []
    assert compare_metrics(before, outside, tolerance)[0][3] == "within 0.0200"


def test_compare_metrics__row_or_metric_missing_or_not_a_number_is_a_difference():
    assert len(compare_metrics(metrics(a=0.5, b=0.5), metrics(a=0.5), {"b": {"accuracy": 9}})) == 1
    assert len(compare_metrics(metrics(a=0.5), metrics(a=float("nan")), {"a": {"accuracy": 9}})) == 1
    assert len(compare_metrics(metrics(a=0.5), metrics(a=None), {"a": {"accuracy": 9}})) == 1


def test_compare_metrics__other_data_is_a_difference():
    assert compare_metrics(metrics(), metrics() | {"data": {"profile": "full"}}, None)[0][0] == "data"


def test_measure_spread__by_hand():
    # Differences 0.03 and -0.04: root mean square sqrt(0.0025 / 2) = 0.035355; Student's t at 0.995, 2 degrees: 9.924843.
    spread = measure_spread(metrics(a=0.5), [metrics(a=0.53), metrics(a=0.46)])
    assert spread["deviation"]["a"]["accuracy"] == pytest.approx(0.035355, abs=1e-6)
    assert spread["tolerance"]["a"]["accuracy"] == pytest.approx(9.924843 * 0.035355, abs=1e-4)
    assert spread["n"] == {"a": 2}


def test_fingerprint__is_what_a_new_process_finds_and_names_the_versions_in_use():
    command = [sys.executable, "-c", "import json; from pipeline.common.fingerprint import fingerprint; print(json.dumps(fingerprint()))"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found == fingerprint() and found["numpy"] == np.__version__ and found["threads"] == len(os.sched_getaffinity(0))


def test_fingerprint__another_package_version_is_another_machine(monkeypatch):
    before = fingerprint()
    monkeypatch.setattr("pipeline.common.fingerprint.version", lambda package: "0")
    assert {key for key in before if before[key] != fingerprint()[key]} >= {"tensorflow", "keras", "numpy"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TF_ENABLE_ONEDNN_OPTS", "0"), ("ONEDNN_MAX_CPU_ISA", "AVX2"), ("TF_ONEDNN_ASSUME_FROZEN_WEIGHTS", "1"),
        ("TF_NUM_INTRAOP_THREADS", "1"), ("OMP_NUM_THREADS", "1"),
    ],
)  # fmt: skip
def test_fingerprint__variable_that_changes_bytes_is_in_it_and_its_default_is_not(monkeypatch, name, value):
    for each in list(os.environ):
        if VARIABLES.fullmatch(each):
            monkeypatch.delenv(each)
    before = fingerprint()
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")  # as the stages set it
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    assert fingerprint() == before
    monkeypatch.setenv(name, value)
    assert fingerprint() == before | {name: value}


def test_caches__level_kind_and_size(tmp_path):
    for index, (level, kind, size) in enumerate([("1", "Data", "32K"), ("2", "Unified", "1024K")]):
        (tmp_path / f"index{index}").mkdir()
        for name, value in (("level", level), ("type", kind), ("size", size)):
            (tmp_path / f"index{index}" / name).write_text(f"{value}\n")
    assert caches(tmp_path) == ["1 Data 32K", "2 Unified 1024K"] and caches(tmp_path / "none") == []
