import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.common.files import absolute, cache_folder, read_json, write_json, written
from pipeline.dataset.arrays import NpyWriter, open_npy, read_npy_in_chunks


def test_written__failure_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), written(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_written__folder_replaces_folder(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").touch()
    with written(target) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert [p.name for p in target.iterdir()] == ["new"]


def _write_and_wait(path, begun, end):
    with written(path) as temporary:
        temporary.write_text("the first's")
        begun.set()
        end.wait(30)


@pytest.fixture
def writing(tmp_path):
    """A process that has begun to write a file, the file, and what lets it end."""
    spawn, target = multiprocessing.get_context("spawn"), tmp_path / "a.txt"
    begun, end = spawn.Event(), spawn.Event()
    first = spawn.Process(target=_write_and_wait, args=(target, begun, end))
    first.start()
    assert begun.wait(30)
    yield first, target, end
    first.kill()
    first.join()


def test_written__second_process_is_refused_and_the_firsts_file_is_whole(tmp_path, writing):
    first, target, end = writing
    with pytest.raises(InputError, match=rf"no other process that writes .*a\.txt, received process {first.pid} on .*by `kill`"):
        with written(target):
            pass
    end.set()
    first.join()
    assert target.read_text() == "the first's"
    with written(target) as temporary:
        temporary.write_text("the second's")
    assert target.read_text() == "the second's" and os.listdir(tmp_path) == ["a.txt"]


def test_written__lock_of_a_killed_process_is_free(tmp_path, writing):
    first, target, _ = writing
    first.kill()
    first.join()
    assert len(os.listdir(tmp_path)) == 2  # its half and its lock
    write_json(target, [1])
    assert os.listdir(tmp_path) == ["a.txt"]


def test_npy_writer__numpy_reads_what_was_appended(tmp_path):
    path = tmp_path / "x.npy"
    with NpyWriter(path, (2, 3), "uint8") as writer:
        writer.append(np.zeros((1, 2, 3), np.uint8))
        writer.append(np.full((2, 2, 3), 7, np.uint8))
    loaded = open_npy(path)
    assert loaded.shape == (3, 2, 3) and loaded.dtype == np.uint8
    assert loaded.sum() == 2 * 6 * 7


def test_read_npy_in_chunks__gives_all_rows_in_order(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10, dtype=np.int32).reshape(5, 2))
    chunks = list(read_npy_in_chunks(tmp_path / "x.npy", 2))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]
    assert np.concatenate(chunks).ravel().tolist() == list(range(10))


def test_open_npy__pickled_objects_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="expected a .npy array"):
        open_npy(tmp_path / "x.npy")


def test_open_npy__missing_file_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="dvc repro"):
        open_npy(tmp_path / "x.npy")


def test_json__nan_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_read_json__broken_file_is_named(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(InputError, match="x.json"):
        read_json(tmp_path / "x.json")


def test_absolute__from_the_clone_also_in_a_copy_of_it_and_from_home(tmp_path, monkeypatch):
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "tmpx1" / "beyond"
    copy.mkdir(parents=True)
    monkeypatch.setenv("HOME", "/home/someone")
    for here in (tmp_path, copy.parent, copy):
        monkeypatch.chdir(here)
        assert absolute("data/faces.zip") == tmp_path / "data" / "faces.zip"
        assert absolute("/faces.zip") == Path("/faces.zip") and absolute("~/faces.zip") == Path("/home/someone/faces.zip")


def test_cache_folder__file_in_its_way_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for name in ("file", "file/deeper"):
        monkeypatch.setenv("FER2013_CACHE", str(tmp_path / name))
        with pytest.raises(InputError, match=f"FER2013_CACHE: expected a folder, received .*{name}, where .*file is a file"):
            cache_folder()
    monkeypatch.setenv("FER2013_CACHE", str(tmp_path / "new"))
    assert cache_folder() == tmp_path / "new"
