"""Writes files whole or not at all; reads and writes JSON and CSV; knows the user's cache folder."""

import contextlib
import json
import os
import shutil
from pathlib import Path

from platformdirs import user_cache_dir

from pipeline.common.errors import InputError


def cache_folder():
    """Return the folder for downloads and checkpoints: FER2013_CACHE from the environment, or the user's cache."""
    return Path(os.environ.get("FER2013_CACHE") or user_cache_dir("fer2013-pipeline"))


@contextlib.contextmanager
def written(path):
    """Yield a temporary path beside `path` that takes its name when the block ends, and goes when it fails."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    remove(temporary)
    try:
        yield temporary
        if temporary.is_dir():
            remove(path)  # rename cannot replace a folder
        temporary.replace(path)
    finally:
        remove(temporary)


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
