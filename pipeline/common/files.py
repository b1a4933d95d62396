"""Writes files whole or not at all, one process at a time; reads and writes JSON and CSV; knows the user's cache folder."""

import contextlib
import fcntl
import json
import os
import shutil
import socket
from pathlib import Path

from platformdirs import user_cache_dir

from pipeline.common.errors import InputError

COPIES = (".dvc", "tmp", "exps")  # the folders in which DVC makes them


def cache_folder():
    """Return the folder for downloads and checkpoints: FER2013_CACHE from the environment, or the user's cache; or raise InputError."""
    folder = absolute(os.environ.get("FER2013_CACHE") or user_cache_dir("fer2013-pipeline"))
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"FER2013_CACHE: expected a folder, received {folder}, where {there} is a file; name another or remove it")
    return folder


def absolute(path):
    """Return a path of the user's from the root: ~ is the home folder, and a relative one begins at the working folder.

    In the copies that DVC makes for queued and temporary experiments it begins at the clone that they are copies of.
    """
    here = Path.cwd()
    clone = next((folder.parents[3] for folder in (here, *here.parents) if folder.parts[-4:-1] == COPIES), here)
    return clone / Path(path).expanduser()


def check_free(folder, needed):
    """Raise InputError where the disk of `folder` has fewer than `needed` bytes left: known before hours of work, not after."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        said = f"expected {needed / 1e6:,.1f} MB of free disk space for what is saved, received {free / 1e6:,.1f}"
        raise InputError(f"{folder}: {said}; free some and run the same again")


@contextlib.contextmanager
def written(path):
    """Yield a temporary path beside `path` that takes its name when the block ends, and goes when it fails.

    Raises InputError where another process writes the same path, say a training that outlived its `dvc repro`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path):
        temporary = path.with_name(f".{path.name}.part")
        remove(temporary)
        try:
            yield temporary
            if temporary.is_dir():
                remove(path)  # rename cannot replace a folder
            temporary.replace(path)
        finally:
            remove(temporary)


@contextlib.contextmanager
def alone(path):
    """Be the only process that writes `path` while the block runs, or raise InputError; however a process ends, its lock goes with it."""
    lock = path.with_name(f".{path.name}.lock.part")  # .gitignore and .dvcignore know .part
    file = _locked(lock, path)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)  # before it is free: who opened it meanwhile sees that it went
        file.close()


def _locked(lock, path):
    while True:
        file = open(lock, "a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "one that begins"
            file.close()
            raise InputError(
                f"expected no other process that writes {path}, received {holder}; wait for its end or end it by `kill` and its number "
                "(a training saves what it has), then run the same again"
            ) from None
        except OSError:
            return file  # a disk without locks: as before there were any
        try:
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}")
                file.flush()
                return file
        except FileNotFoundError:
            pass  # its holder has just removed it
        file.close()


def remove(path):
    """Remove a file or a folder if it is there."""
    path = Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path, value):
    """Write `value` as indented JSON; NaN is refused."""
    with written(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path):
    """Return the value of a JSON file, or raise InputError."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"expected the file {path}, found none; run `dvc repro`") from None
    except ValueError as error:
        raise InputError(f"expected JSON in {path}, received: {error}; remove it and run `dvc repro`") from None


def write_csv(path, table):
    """Write a pandas table as CSV without its index."""
    with written(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
