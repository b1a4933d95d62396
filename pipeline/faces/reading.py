"""From an archive's entries to faces: the folder layouts and the CSV forms of FER-2013, checked file by file and line by line."""

import csv
import io
import lzma
import zipfile
import zlib
from pathlib import PurePosixPath

import numpy as np
from PIL import Image, UnidentifiedImageError

from pipeline.common.errors import InputError
from pipeline.dataset.names import TEST_USAGES, TRAINING_USAGE

csv.field_size_limit(1 << 24)  # the pixels of one face: 512 x 512 numbers
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)  # RuntimeError: encrypted, unknown compression
CHUNK = 512  # faces held in memory at once
MAX_SIDE = 4096  # pixels of an image before resizing
USAGE_OF_FOLDER = {"train": TRAINING_USAGE, "test": "Test"}
FILE_PREFIXES = (TRAINING_USAGE, *TEST_USAGES[:2])  # Kaggle's file names: Training_123.jpg
CSV_COLUMNS = {"emotion", "pixels", "Usage"}


def read(source, listing, faces, folders, csv_emotions):
    """Yield chunks (pixels (n, size, size) uint8, names, emotions, usages) of an archive's faces.

    source: what to call the archive in errors; listing: its Entry list; faces: config.data.Faces; folders: folder name to
    emotion, where they differ; csv_emotions: the emotion of each number in a CSV. Raises InputError.
    """
    sheets = [entry for entry in listing if entry.name.lower().endswith(".csv")]
    if sheets:
        faces_read = _read_csv(source, _only_sheet(source, sheets), faces, csv_emotions)
    else:
        faces_read = _read_folders(source, listing, faces, folders)
    yield from _in_chunks(faces_read)


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


def _only_sheet(source, sheets):
    known = [s for s in sheets if PurePosixPath(s.name).name in ("fer2013.csv", "icml_face_data.csv")]
    if len(known or sheets) != 1:
        names = ", ".join(entry.name for entry in (known or sheets)[:5])
        raise InputError(f"{source}: expected one CSV of faces, received {names}; leave one in the archive")
    return (known or sheets)[0]


def _read_folders(source, listing, faces, folders):
    if not listing:
        raise InputError(f"{source}: expected images in one folder an emotion, received no files; check the path")
    emotion_of = {emotion.lower(): emotion for emotion in faces.emotions}
    emotion_of |= {folder.lower(): emotion for folder, emotion in folders.items()}
    unknown = sorted(set(folders.values()) - set(faces.emotions))
    if unknown:
        raise InputError(f"params.yaml: sources.archive.folders: expected emotions of faces.emotions, received {', '.join(unknown)}")
    for entry in listing:
        where = f"{source}: {entry.name}"
        path = PurePosixPath(entry.name)
        emotion = emotion_of.get(path.parent.name.lower())
        if emotion is None:
            raise InputError(
                f"{where}: expected a folder named as an emotion ({', '.join(sorted(emotion_of))}), received "
                f"{path.parent.name!r}; rename it or name it in sources.archive.folders"
            )
        part = path.parent.parent.name.lower()
        prefix = path.name.split("_")[0]
        usage = prefix if prefix in FILE_PREFIXES else USAGE_OF_FOLDER.get(part, "")
        if part in USAGE_OF_FOLDER and (usage == TRAINING_USAGE) != (part == "train"):
            raise InputError(f"{where}: expected a file of {part}/ to be one by name, received {prefix}_; check the archive")
        yield _read_image(where, entry, faces), entry.name, emotion, usage


def _read_image(where, entry, faces):
    try:
        with entry.open() as file, Image.open(file) as image:
            if max(image.size) > MAX_SIDE:
                raise InputError(f"{where}: expected at most {MAX_SIDE} pixels a side, received {image.size}; check the image")
            if image.mode != "L":
                if not faces.to_grayscale:
                    raise InputError(
                        f"{where}: expected an 8-bit grayscale image (mode L), received mode {image.mode}; "
                        "set faces.to_grayscale to convert"
                    )
                if image.mode[0] in "IF":
                    raise InputError(f"{where}: expected 8 bits a channel, received mode {image.mode}; convert the image")
                image = image.convert("L")
            if image.size != (faces.size, faces.size):
                if not faces.resize:
                    raise InputError(
                        f"{where}: expected {faces.size}x{faces.size} pixels, received {image.width}x{image.height}; "
                        "set faces.resize to resize"
                    )
                image = image.resize((faces.size, faces.size), Image.Resampling.BILINEAR)
            return np.asarray(image, np.uint8)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, *UNREADABLE) as error:
        raise InputError(f"{where}: expected a readable image, received: {error}; remove or replace it") from None


def _read_csv(source, entry, faces, csv_emotions):
    unknown = sorted(set(csv_emotions) - set(faces.emotions))
    if unknown:
        raise InputError(f"params.yaml: sources.archive.csv_emotions: expected emotions of faces.emotions, received {', '.join(unknown)}")
    name = PurePosixPath(entry.name).name
    try:
        with entry.open() as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text)
            header = [column.strip() for column in next(rows, [])]
            if not {"emotion", "pixels"} <= set(header) <= CSV_COLUMNS or len(set(header)) != len(header):
                raise InputError(
                    f"{source}: {name} line 1: expected columns emotion, pixels and Usage, received {', '.join(header) or 'nothing'}"
                )
            for values in rows:
                if not values:
                    continue  # an empty line
                where = f"{source}: {name} line {rows.line_num}"
                if len(values) != len(header):
                    raise InputError(f"{where}: expected {len(header)} values, received {len(values)}; check the line")
                row = dict(zip(header, values, strict=True))
                yield _csv_pixels(where, row["pixels"], faces), f"{name}:{rows.line_num}", *_csv_labels(where, row, csv_emotions)
    except (UnicodeDecodeError, csv.Error, OSError, *UNREADABLE) as error:
        raise InputError(f"{source}: expected {name} as UTF-8 CSV, received: {error}; fetch the file again") from None


def _csv_labels(where, row, csv_emotions):
    number = row["emotion"].strip()
    if not (number.isascii() and number.isdigit() and int(number) < len(csv_emotions)):
        raise InputError(f"{where}: expected an emotion from 0 to {len(csv_emotions) - 1}, received {number!r}; check the line")
    usage = row.get("Usage", "").strip()
    if usage not in (TRAINING_USAGE, *TEST_USAGES, ""):
        raise InputError(f"{where}: expected Usage {', '.join((*FILE_PREFIXES, 'Test'))} or none, received {usage!r}; check the line")
    return csv_emotions[int(number)], usage


def _csv_pixels(where, text, faces):
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
