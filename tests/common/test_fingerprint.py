import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pipeline.common.fingerprint import VARIABLES, caches, fingerprint


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


def test_caches__level_kind_and_size_where_it_is_known(tmp_path):
    for index, (level, kind, size) in enumerate([("1", "Data", "32K"), ("2", "Unified", "1024K")]):
        (tmp_path / f"index{index}").mkdir()
        for name, value in (("level", level), ("type", kind), ("size", size)):
            (tmp_path / f"index{index}" / name).write_text(f"{value}\n")
    assert caches(tmp_path) == ["1 Data 32K", "2 Unified 1024K"] and caches(tmp_path / "none") == []
    (tmp_path / "index1" / "size").unlink()
    assert caches(tmp_path) == ["1 Data 32K", "2 Unified"]
