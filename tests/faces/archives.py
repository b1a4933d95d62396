"""Writes and reads small archives of every form, for their tests."""

import io
import tarfile
import zipfile

import pytest

from pipeline.common.errors import InputError
from pipeline.faces.archive import entries

# Made in this order, expected sorted by name: a/1 before a/10 before a/2, "B" before "a".
FILES = {"a/2.png": b"two", "a/10.png": b"ten", "a/1.png": b"one", "B/1.png": b"", "top.txt": b"top"}


TARS = {"tar": "w", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}


def make_folder(path, files):
    path.mkdir()
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def make_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def make_tar(path, files, mode="w", **member):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in member.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return path


def make(tmp_path, form, files):
    if form == "folder":
        return make_folder(tmp_path / "faces", files)
    if form == "zip":
        return make_zip(tmp_path / "faces.zip", files)
    return make_tar(tmp_path / f"faces.{form}", files, TARS[form])


def contents(path, max_bytes=10**6):
    with entries(path, max_bytes) as listing:
        pairs = []
        for entry in listing:
            with entry.open() as file:
                pairs.append((entry.name, file.read()))
        return pairs


def error_of(path, max_bytes=10**6):
    with pytest.raises(InputError) as error, entries(path, max_bytes):
        pass
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value)
