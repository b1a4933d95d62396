"""Opens a folder, zip, tar or CSV that somebody made: entries by sorted name, nothing outside the folder, nothing absurdly large."""

import bz2
import contextlib
import errno
import gzip
import hashlib
import io
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

from pipeline.common.errors import NO_PLACE, InputError

TAR_ERRORS = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)
# What reading an entry may raise; RuntimeError: encrypted, unknown compression.
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)
BLOCK = 1 << 20  # bytes read at once
COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}  # first bytes of a file
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst")


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

    The form is known by content, not by name; a CSV may be compressed (gzip, bzip2, xz). Backslashes in names are slashes. Raises
    InputError for an entry of an archive that would leave its folder, for its links and devices, for more than `max_bytes` unpacked, and
    for a file that is none of these. Linked files and folders in a folder of the user's own are read.
    """
    path = Path(path)
    if path.is_dir():
        yield _folder_entries(path)
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
    elif path.suffix.lower() == ".csv":
        yield [Entry(path.name, lambda: open(path, "rb"))]
    elif Path(path.stem).suffix.lower() == ".csv" and (opener := _opener(path)):
        yield [Entry(path.stem, lambda: io.BufferedReader(_Bounded(path, opener(path), max_bytes), BLOCK))]
    elif path.suffix.lower() in (".7z", ".rar", ".zst"):
        raise InputError(f"{path}: expected a folder, zip, tar or .csv, received {path.suffix}; unpack it and name the folder")
    else:
        raise InputError(f"{path}: expected a folder, zip, tar or .csv, received another kind of file; check the path")


class _Bounded(io.RawIOBase):
    """An unpacked stream that raises InputError beyond `max_bytes`."""

    def __init__(self, path, stream, max_bytes):
        self.path, self.stream, self.max_bytes, self.total = path, stream, max_bytes, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self.stream.read(len(buffer))
        self.total += len(data)
        _check_size(self.path, self.total, self.max_bytes)
        buffer[: len(data)] = data
        return len(data)

    def close(self):
        self.stream.close()
        super().close()


def _opener(path):
    # What decompresses a file, by its first bytes, or None.
    with open(path, "rb") as file:
        start = file.read(6)
    return next((opener for magic, opener in COMPRESSED.items() if start.startswith(magic)), None)


def _hidden(name):
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _checked_name(path, name):
    # The name with "/" between folders, as zip archives made on Windows may not have it.
    plain = name.replace("\\", "/")
    pure = PurePosixPath(plain)
    if pure.is_absolute() or ".." in pure.parts or ":" in (pure.parts or ("",))[0]:
        raise InputError(f"{path}: expected entries inside the archive's folder, received {name!r}; do not trust this archive")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{path}: expected names in UTF-8, received {name!a}; rename it") from None
    return plain


def _check_size(path, received, max_bytes):
    if received > max_bytes:
        raise InputError(
            f"{path}: expected at most {max_bytes:,} bytes unpacked, received {received:,}; "
            "raise max_unpacked_bytes only if you trust this archive"
        )


def _folder_entries(folder):
    found = []
    _walk(folder, "", [], found)
    # The default argument binds the name now, not at the call.
    return [Entry(name, lambda own=own: open(folder / own, "rb")) for name, own in sorted(found)]


def _walk(folder, below, above, found):
    # Append (name, path below folder) of every file; above: what identifies the folders above, so that a link cannot lead in a circle.
    status = os.stat(folder / below)
    if (status.st_dev, status.st_ino) in above:
        raise InputError(f"{folder / below}: expected links to other folders, received one to a folder above it; remove it")
    with os.scandir(folder / below) as listing:
        children = [child for child in listing if not _hidden(child.name)]
    for child in children:
        own = f"{below}{child.name}"
        kind = _kind(child)
        if kind == "folder":
            _walk(folder, f"{own}/", [*above, (status.st_dev, status.st_ino)], found)
        elif kind == "file":
            found.append((_checked_name(folder, own), own))
        else:
            received = "a link that leads nowhere" if child.is_symlink() else "neither"
            raise InputError(f"{folder / own}: expected a file or a folder, received {received}; mend or remove it")


def _kind(child):
    try:
        return "folder" if child.is_dir() else "file" if child.is_file() else None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return None  # links to each other


def _zip_entries(path, archive, max_bytes):
    members, total = [], 0
    for member in archive.infolist():
        name = _checked_name(path, member.filename)
        if (member.external_attr >> 16) & 0o170000 == 0o120000:
            raise InputError(f"{path}: expected plain files, received the link {member.filename!r}; do not trust this archive")
        total += member.file_size
        if not name.endswith("/") and not _hidden(name):
            members.append((name, member))
    _check_size(path, total, max_bytes)
    members.sort(key=lambda pair: pair[0])
    for (name, _), (next_name, _) in pairwise(members):
        if name == next_name:
            raise InputError(f"{path}: expected every name once, received {name!r} twice; make the archive anew")
    return [Entry(name, lambda member=member: archive.open(member)) for name, member in members]


def _is_tar(path):
    try:
        return tarfile.is_tarfile(path)
    except TAR_ERRORS as error:
        if ".csv" in (suffix.lower() for suffix in path.suffixes):
            return False  # a compressed CSV that is cut short: its reading says so
        raise InputError(f"{path}: expected a whole tar archive, received: {error}; fetch the file again") from None


def _unpack_tar(path, folder, max_bytes):
    total = 0
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                _checked_name(path, member.name)
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
        if getattr(error, "errno", None) in NO_PLACE:  # of the folder that it is unpacked to: errors.run says so
            raise
        raise InputError(f"{path}: expected a whole tar archive, received: {error}; fetch the file again") from None
