"""A clone of this repository, as git makes it on a machine that turns line ends into Windows' own (core.autocrlf)."""

import json
import subprocess
from pathlib import Path

import pytest

from pipeline.faces.archive import sha256_of


def git(folder, *arguments):
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout


def with_carriage_returns(folder):
    """Return the files whose lines end in carriage returns in the working tree."""
    return {line.split("\t")[1] for line in git(folder, "ls-files", "--eol").splitlines() if line.split()[1] in ("w/crlf", "w/mixed")}


@pytest.fixture
def clone(tmp_path):
    if not Path(".git").exists():
        pytest.skip("this folder is no git repository")
    subprocess.run(["git", "clone", "--quiet", "--config", "core.autocrlf=true", str(Path.cwd()), str(tmp_path / "clone")], check=True)
    return tmp_path / "clone"


def test_clone__has_the_same_bytes_with_autocrlf(clone):
    assert with_carriage_returns(clone) == set()
    assert git(clone, "status", "--porcelain") == ""
    committed = git(clone, "ls-tree", "-r", "HEAD").splitlines()
    hashes = {line.split("\t")[1]: line.split()[2] for line in committed}
    names = sorted(hashes)
    assert git(clone, "hash-object", "--no-filters", *names).split() == [hashes[name] for name in names]
    kept = clone / "results" / "weights" / "compact-0"
    assert sha256_of(kept / "model.weights.h5") == json.loads((kept / "score.json").read_text())["sha256"]


def test_clone__check_sees_what_git_would_do_without_attributes(clone):
    git(clone, "rm", "--quiet", ".gitattributes")
    (clone / ".ci" / "run").unlink()
    git(clone, "checkout", "--", ".ci/run")
    assert with_carriage_returns(clone) == {".ci/run"}
