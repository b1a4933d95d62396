"""The CSV forms of FER-2013, checked line by line: a number for the emotion, the pixels between spaces, and the part."""

import csv
import io
import re
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from pipeline.common.errors import InputError
from pipeline.dataset.names import TEST_USAGES
from pipeline.faces import parts
from pipeline.faces.archive import UNREADABLE
from pipeline.faces.seen import shown

csv.field_size_limit(1 << 24)  # the pixels of one face: 512 x 512 numbers
KNOWN = ("fer2013.csv", "icml_face_data.csv")
REQUIRED, COLUMNS = {"emotion", "pixels"}, {"emotion", "pixels", "usage"}
INDEX = re.compile(r"(unnamed: \d+(\.\d+)*|index|)$")  # the column of line numbers that pandas writes
HEADER_BYTES = 1 << 16  # of a first line


def is_sheet(entry):
    """Tell whether an Entry begins with the columns of a CSV of faces."""
    try:
        with entry.open() as file:
            first = file.read(HEADER_BYTES).decode("utf-8-sig", "replace")
        return REQUIRED <= set(_columns(next(csv.reader(io.StringIO(first, newline="")), [])))
    except (csv.Error, *UNREADABLE):
        return False


def read(source, entry, faces, archive, seen):
    """Yield (pixels, name, emotion, usage) of the faces in a CSV; see reading.read."""
    unknown = sorted(set(archive.csv_emotions) - {*faces.emotions, None})
    if unknown:
        raise InputError(
            f"params.yaml: sources.archive.csv_emotions: expected emotions of faces.emotions, or null for a number to leave out, received "
            f"{', '.join(unknown)}"
        )
    name = PurePosixPath(entry.name).name
    emotion_of, usage_of = dict(zip(map(str, range(len(archive.csv_emotions))), archive.csv_emotions, strict=True)), _usages(archive)
    tested = None  # whether the CSV has test faces: asked once a validation face is met
    for where, line, row in _rows(source, name, entry):
        emotion, usage = _labels(where, row, emotion_of, usage_of)
        if emotion is None or usage is None:
            seen.dropped[f"emotion {row['emotion'].strip()}" if emotion is None else row["usage"].strip()] += 1
            continue
        if usage == parts.VALIDATION_USAGE:
            if tested is None and not (tested := _is_tested(source, name, entry, usage_of)):
                seen.remarks.append(parts.NO_TEST)
            usage = usage if tested else parts.tested(usage)
        seen.forms["CSV"] += 1
        yield _pixels(where, row["pixels"], faces), f"{name}:{line}", emotion, usage


def _columns(header):
    return [parts.plain(column) for column in header]


def _usages(archive):
    return {"": ""} | parts.usages(archive.parts)


def _is_tested(source, name, entry, usage_of):
    rows = _rows(source, name, entry)
    return any(usage_of.get(parts.plain_part(row.get("usage", ""))) in TEST_USAGES for _, _, row in rows)


def _rows(source, name, entry):
    # Yield (where, number of the line, {column: text}).
    try:
        with entry.open() as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text)
            header = next(rows, [])
            columns = _columns(header)
            named = [column for column in columns if not INDEX.match(column)]
            if not REQUIRED <= set(named) <= COLUMNS or len(set(named)) != len(named):
                received = shown(", ".join(column.strip() for column in header)) or "nothing"
                raise InputError(f"{source}: {shown(name)} line 1: expected columns emotion, pixels and Usage, received {received}")
            for values in rows:
                if not any(value.strip() for value in values):
                    continue  # an empty line
                where = f"{source}: {shown(name)} line {rows.line_num}"
                if len(values) != len(header):
                    raise InputError(f"{where}: expected {len(header)} values, received {len(values)}; check the line")
                yield where, rows.line_num, dict(zip(columns, values, strict=True))
    except (UnicodeDecodeError, csv.Error, *UNREADABLE) as error:
        raise InputError(f"{source}: expected {shown(name)} as UTF-8 CSV, received: {error}; fetch the file again") from None


def _labels(where, row, emotion_of, usage_of):
    number, usage = row["emotion"].strip(), row.get("usage", "").strip()
    if not (number.isascii() and number.isdigit() and (number.lstrip("0") or "0") in emotion_of):
        raise InputError(f"{where}: expected an emotion from 0 to {len(emotion_of) - 1}, received '{shown(number)}'; check the line")
    if parts.plain_part(usage) not in usage_of:
        expected = ", ".join((*parts.FILE_PREFIXES, "Validation", "Test"))
        raise InputError(
            f"{where}: expected Usage {expected} or none, received '{shown(usage)}'; check the line, or name its part in "
            "sources.archive.parts"
        )
    return emotion_of[number.lstrip("0") or "0"], usage_of[parts.plain_part(usage)]


def _pixels(where, text, faces):
    try:
        pixels = np.fromstring(text, dtype=np.int64, sep=" ")
    except ValueError:
        raise InputError(f"{where}: expected pixels as whole numbers between spaces, received others; check the line") from None
    side = faces.size
    if faces.resize and pixels.size:
        side = int(round(pixels.size**0.5))
    if pixels.size != side * side:
        raise InputError(f"{where}: expected {faces.size * faces.size} pixels, received {pixels.size}; check the line")
    if pixels.min() < 0 or pixels.max() > 255:
        raise InputError(f"{where}: expected pixels from 0 to 255, received {pixels.min()} to {pixels.max()}; check the line")
    face = pixels.astype(np.uint8).reshape(side, side)
    if side != faces.size:
        face = np.asarray(Image.fromarray(face).resize((faces.size, faces.size), Image.Resampling.BILINEAR))
    return face
