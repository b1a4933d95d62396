"""From an archive's entries to faces: pictures in folders or a CSV; what is neither is skipped and counted."""

from pathlib import PurePosixPath

import numpy as np

from pipeline.common.errors import InputError
from pipeline.faces import folders, images, sheets
from pipeline.faces.archive import ARCHIVES, UNREADABLE
from pipeline.faces.seen import listed, shown

CHUNK = 512  # faces held in memory at once
START = 1 << 16  # bytes of a file without a picture's suffix by which it is told whether it is one


def read(source, listing, faces, archive, seen):
    """Yield chunks (pixels (n, size, size) uint8, names, emotions, usages) of an archive's faces.

    source: what to call the archive in errors; listing: its Entry list; faces: config.data.Faces; archive: config.data.Archive, of which
    folders, parts and csv_emotions count; seen: a Seen, to which everything worth saying is added. Usages are those of FER-2013 and
    "Validation". A CSV of faces goes before pictures. Raises InputError.
    """
    yield from _in_chunks(_faces(source, listing, faces, archive, seen))


def _faces(source, listing, faces, archive, seen):
    tables, pictures, archives = [], [], []
    for entry in listing:
        suffix = PurePosixPath(entry.name).suffix.lower()
        if suffix == ".csv":
            tables.append(entry)
        elif suffix in ARCHIVES:
            archives.append(entry)
        elif suffix in images.READ or suffix in images.UNREAD or _is_picture(entry):
            pictures.append(entry)
        else:
            seen.skip(entry)
    sheet = _only_sheet(source, tables, not pictures and not archives)
    if archives:
        said = f"{listed(entry.name for entry in archives)} within {source}"
        if sheet is None and not pictures:
            raise InputError(f"{source}: expected pictures or a CSV of faces, received archives: {said}; unpack it and name the folder")
        seen.remarks.append(f"warning: not read: {said}; unpack it if it holds faces")
    for table in tables:
        if table is not sheet:
            seen.skip(table)
    if sheet is not None:
        if pictures:
            seen.remarks.append(f"warning: not read: {len(pictures):,} pictures beside {shown(sheet.name)}; remove the CSV to read them")
        return sheets.read(source, sheet, faces, archive, seen)
    if not pictures:
        received = seen.lines()[-1] if seen.skipped else "no files"
        raise InputError(f"{source}: expected images in one folder an emotion, received {received}; check the path")
    return folders.read(source, pictures, faces, archive, seen)


def _is_picture(entry):
    try:
        with entry.open() as file:
            return images.is_picture(file.read(START))
    except UNREADABLE:
        return False


def _only_sheet(source, tables, alone):
    # The CSV to read, None where none has the columns; alone: there is nothing else to read, so that what is wrong with it is said.
    found = [table for table in tables if sheets.is_sheet(table)]
    known = [table for table in found if PurePosixPath(table.name).name.lower() in sheets.KNOWN]
    if len(known or found) > 1:
        names = listed(entry.name for entry in (known or found))
        raise InputError(f"{source}: expected one CSV of faces, received {names}; leave one in the archive")
    if alone and not found and len(tables) > 1:
        names = listed(entry.name for entry in tables)
        raise InputError(f"{source}: expected a CSV with the columns emotion and pixels, received none in {names}; check the archive")
    return next(iter(known or found or (tables if alone else [])), None)


def _in_chunks(faces_read):
    chunk = []
    for face in faces_read:
        chunk.append(face)
        if len(chunk) == CHUNK:
            yield _stack(chunk)
            chunk = []
    if chunk:
        yield _stack(chunk)


def _stack(chunk):
    pixels, names, emotions, usages = zip(*chunk, strict=True)
    return np.stack(pixels), names, emotions, usages
