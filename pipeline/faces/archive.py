"""Opens a folder, zip, tar or CSV that somebody made: entries by sorted name, nothing outside the folder, nothing absurdly large."""

import contextlib
import hashlib
import lzma
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

from pipeline.common.errors import InputError

TAR_ERRORS = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)
BLOCK = 1 << 20  # bytes read at once


@dataclass(frozen=True)
class Entry:
    """One file of an archive: its name in it ("/" between folders) and a function that opens it for reading bytes."""

    name: str
    open: Callable


def sha256_of(path):
    """Return the SHA-256 of a file, or of a folder's sorted names and contents, as 64 hexadecimal digits."""
    path = Path(path)
    if path.is_dir():
        digest = hashlib.sha256()
        for entry in _folder_entries(path):
            with entry.open() as file:
                digest.update(f"{entry.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        return digest.hexdigest()
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path, expected, key):
    """Return the SHA-256 of `path`, or raise InputError where `expected`, which params.yaml has under `key`, is given and differs."""
    received = sha256_of(path)
    if expected and received != expected:
        raise InputError(
            f"{path}: expected sha256 {expected}, received {received}; fetch it again, or set {key} in params.yaml to the value received, "
            "or to null for no check"
        )
    return received


@contextlib.contextmanager
def entries(path, max_bytes):
    """Yield the list of Entry of a folder, zip, tar (any compression) or single CSV, sorted by name.

    Raises InputError for an entry of an archive that would leave its folder, for its links and devices, for more than
    `max_bytes` unpacked, and for a file that is none of these. Linked files in a folder of the user's own are read.
    """
    path = Path(path)
    if path.is_dir():
        yield _folder_entries(path)
    elif path.suffix.lower() == ".csv":
        yield [Entry(path.name, lambda: open(path, "rb"))]
    elif zipfile.is_zipfile(path):
        try:
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: expected a whole zip archive, received: {error}; fetch the file again") from None
        with archive:
            yield _zip_entries(path, archive, max_bytes)
    elif _is_tar(path):
        with tempfile.TemporaryDirectory() as folder:
            _unpack_tar(path, folder, max_bytes)
            yield _folder_entries(Path(folder))
    else:
        raise InputError(f"{path}: expected a folder, zip, tar or .csv, received another kind of file; check the path")


def _hidden(name):
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _check_name(path, name):
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in (pure.parts or ("",))[0]:
        raise InputError(f"{path}: expected entries inside the archive's folder, received {name!r}; do not trust this archive")


def _check_size(path, received, max_bytes):
    if received > max_bytes:
        raise InputError(
            f"{path}: expected at most {max_bytes:,} bytes unpacked, received {received:,}; "
            "raise max_unpacked_bytes only if you trust this archive"
        )


def _folder_entries(folder):
    names = []
    for base, folders, files in os.walk(folder):
        folders.sort()
        names += [(Path(base) / file).relative_to(folder).as_posix() for file in files]
    # The default argument binds the name now, not at the call.
    return [Entry(name, lambda name=name: open(folder / name, "rb")) for name in sorted(names) if not _hidden(name)]


def _zip_entries(path, archive, max_bytes):
    members = [member for member in archive.infolist() if not member.is_dir()]
    for member in members:
        _check_name(path, member.filename)
        if (member.external_attr >> 16) & 0o170000 == 0o120000:
            raise InputError(f"{path}: expected plain files, received the link {member.filename!r}; do not trust this archive")
    _check_size(path, sum(member.file_size for member in members), max_bytes)
    kept = sorted((member for member in members if not _hidden(member.filename)), key=lambda member: member.filename)
    for one, next_one in pairwise(kept):
        if one.filename == next_one.filename:
            raise InputError(f"{path}: expected every name once, received {one.filename!r} twice; make the archive anew")
    return [Entry(member.filename, lambda member=member: archive.open(member)) for member in kept]


def _is_tar(path):
    try:
        return tarfile.is_tarfile(path)
    except TAR_ERRORS as error:
        raise InputError(f"{path}: expected a whole tar archive, received: {error}; fetch the file again") from None


def _unpack_tar(path, folder, max_bytes):
    total = 0
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                _check_name(path, member.name)
                if not (member.isfile() or member.isdir()):
                    raise InputError(f"{path}: expected plain files, received {member.name!r}, a link or device; do not trust this archive")
                total += member.size
                _check_size(path, total, max_bytes)
                archive.extract(member, folder, filter="data")
            # tarfile takes a damaged or cut header for the end; at the real one stands a block of zeros.
            archive.fileobj.seek(archive.offset)
            if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("no end of the archive")
            total -= tarfile.RECORDSIZE  # the padding that every tar ends on
            while block := archive.fileobj.read(BLOCK):  # to where a compressed tar's checksum stands
                total += len(block)
                _check_size(path, total, max_bytes)
    except TAR_ERRORS as error:
        raise InputError(f"{path}: expected a whole tar archive, received: {error}; fetch the file again") from None
