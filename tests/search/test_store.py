"""Checkpoints to a DVC remote and back, a local folder as the remote."""

import pytest
from dvc.repo import Repo

from pipeline.search.store import CheckpointStore

DIGEST = "0123456789abcdef" * 2


@pytest.fixture
def repo(tmp_path, monkeypatch):
    made = Repo.init(str(tmp_path / "repo"), no_scm=True)
    with made.config.edit("local") as config:
        config["core"] = {"remote": "store"}
        config["remote"] = {"store": {"url": str(tmp_path / "store")}}
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("FER2013_CACHE", str(tmp_path / "node"))
    return Repo(str(tmp_path / "repo"))


def state_of(folder, row, digest=DIGEST):
    return folder / "checkpoints" / f"{row}-{digest}" / "state.npz"


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_store__another_node_goes_on(tmp_path, repo, monkeypatch):
    own = state_of(tmp_path / "node", "cell-1")
    write(own, b"epoch 1")
    write(state_of(tmp_path / "node", "cell-16"), b"of another cell, whose name begins alike")
    store = CheckpointStore(repo, "cell-1")
    store.push()
    monkeypatch.setenv("FER2013_CACHE", str(tmp_path / "other"))
    CheckpointStore(repo, "cell-1").fetch()
    assert state_of(tmp_path / "other", "cell-1").read_bytes() == b"epoch 1"
    assert not state_of(tmp_path / "other", "cell-16").exists()
    store.drop()
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_store__own_checkpoint_is_not_replaced(tmp_path, repo):
    own = state_of(tmp_path / "node", "cell-1")
    write(own, b"epoch 1")
    store = CheckpointStore(repo, "cell-1")
    store.push()
    write(own, b"epoch 2, written since")
    store.fetch()
    assert own.read_bytes() == b"epoch 2, written since"


def test_store__nothing_there_is_nothing_wrong(repo):
    store = CheckpointStore(repo, "cell-1")
    store.fetch()
    store.push()
    store.drop()


def test_pushing__failure_is_told_and_ends_nothing(tmp_path, repo, capsys, monkeypatch):
    store = CheckpointStore(repo, "cell-1")
    tried = []

    def push():
        tried.append(1)
        raise OSError("no route to the remote")

    monkeypatch.setattr(store, "push", push)
    stop = store.pushing(0.01)
    while len(tried) < 3:
        pass
    stop()
    assert "warning: no checkpoint of cell-1 in the remote: no route" in capsys.readouterr().out
