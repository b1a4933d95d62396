import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.common.errors import InputError
from pipeline.common.git import git

NONE = "expected a git repository with a commit in it, received of git rev-parse: not a git repository .*; a downloaded zip is none"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")  # git's words would be others
    return tmp_path


def test_git__no_repository(folder):
    with pytest.raises(InputError, match=NONE):
        git("rev-parse", "--verify", "HEAD")


def test_git__no_commit(folder):
    git("init", "--quiet")
    with pytest.raises(InputError, match="received of git rev-parse: Needed a single revision; commit what there is: `git add --all"):
        git("rev-parse", "--verify", "HEAD")


def test_git__clone_of_another_user(folder, monkeypatch):
    git("init", "--quiet")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own tests use it
    with pytest.raises(InputError, match="detected dubious ownership .*; this folder is another user's: clone it, or run `git"):
        git("rev-parse", "--verify", "HEAD")


def test_git__not_installed(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(InputError, match="expected git on the PATH, found none"):
        git("status")


@pytest.mark.parametrize("target", ["repro", "verify", "beyond", "grid"])
def test_make__without_git_is_one_line_before_anything_is_installed(folder, target):
    shutil.copy(Path(__file__).parents[2] / "Makefile", folder)
    done = subprocess.run(["make", target], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert said == ["expected a git repository, received none: run git init && git add --all && git commit -m start"]
    assert done.returncode == 2 and os.listdir(folder) == ["Makefile"]


def test_make__clone_of_another_user_is_told_by_git(folder, monkeypatch):
    shutil.copy(Path(__file__).parents[2] / "Makefile", folder)
    git("init", "--quiet")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    done = subprocess.run(["make", "repro"], capture_output=True, text=True, check=False)
    assert "dubious ownership" in done.stderr and "git config --global --add safe.directory" in done.stderr


def test_verify__without_git_is_one_line(folder):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.verify"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.startswith("verify: expected a git repository") and done.stderr.count("\n") == 1
