"""Pictures in folders: the emotion by the folder, the part (training, validation, test) by a folder above it or by Kaggle's file names."""

import hashlib
from collections import Counter

from pipeline.common.errors import InputError
from pipeline.dataset.names import TEST_USAGES, TRAINING_USAGE
from pipeline.faces import images, parts
from pipeline.faces.archive import UNREADABLE
from pipeline.faces.seen import listed, shown

BLOCK = 1 << 16  # bytes read at once


def read(source, pictures, faces, archive, seen):
    """Yield (pixels, name, emotion, usage) of the faces in a list of Entry; see reading.read."""
    placed = _placed(source, pictures, faces, archive, seen)
    times = Counter(_key(entry, usage) for entry, _, usage in placed)
    known = {}  # of faces that share part, folder and file name: the digests of their files, and where each stands first
    others = []
    for entry, emotion, usage in placed:
        where, key = f"{source}: {shown(entry.name)}", _key(entry, usage)
        data = read_bytes(where, entry)
        if times[key] > 1:
            first = known.setdefault(key, {})
            digest = hashlib.blake2b(data, digest_size=16).digest()
            if digest in first:
                seen.twice.append((first[digest], entry.name))
                continue
            if first and usage:
                others.append((next(iter(first.values())), entry.name))
            first[digest] = entry.name
        yield images.decode(where, data, faces, seen), entry.name, emotion, usage
    if others:
        seen.remarks.append(
            f"warning: {len(others):,} faces share part, folder and file name with a face of other bytes and are read as faces of "
            f"their own (first: {' and '.join(map(shown, others[0]))}); leave one of the folders out if they are the same faces"
        )


def read_bytes(where, entry):
    """Return a picture file's bytes, or raise InputError."""
    data = bytearray()
    try:
        with entry.open() as file:
            while len(data) <= images.MAX_BYTES and (block := file.read(BLOCK)):
                data += block
    except UNREADABLE as error:
        raise InputError(f"{where}: expected a readable image, received: {error}; remove or replace it") from None
    if len(data) > images.MAX_BYTES:
        raise InputError(f"{where}: expected a picture of at most {images.MAX_BYTES:,} bytes, received more; remove or replace it")
    return bytes(data)


def _key(entry, usage):
    *_, folder, name = ("", *entry.name.split("/"))
    return usage, parts.plain(folder), name


def _placed(source, pictures, faces, archive, seen):
    # [(entry, emotion, usage)], what params.yaml leaves out left out.
    emotion_of, usage_of = parts.emotions(faces.emotions, archive.folders), parts.usages(archive.parts)
    placed, unknown, partless, renamed, with_part = [], Counter(), Counter(), {}, False
    for entry in pictures:
        *above, folder, file = ("", *entry.name.split("/"))
        if parts.plain(folder) not in emotion_of:
            unknown[folder or "no folder"] += 1
            continue
        part = next((name for name in reversed(above) if parts.plain_part(name) in usage_of), None)  # the nearest
        usage = "" if part is None else usage_of[parts.plain_part(part)]
        emotion = emotion_of[parts.plain(folder)]
        if emotion is None or usage is None:
            seen.dropped[part if usage is None else folder] += 1
            continue
        if parts.plain(folder) != parts.plain(emotion):
            renamed[folder] = emotion
        usage = _by_prefix(f"{source}: {shown(entry.name)}", file.split("_")[0], part, usage)
        with_part = with_part or part is not None
        if not usage:
            partless[above[-1] if above and above[-1] else "no folder"] += 1
        placed.append((entry, emotion, usage))
    if unknown:
        raise InputError(
            f"{source}: expected pictures in folders named as an emotion ({', '.join(faces.emotions)}) or as usual for one, received "
            f"{sum(unknown.values()):,} in {listed(sorted(unknown))}; rename them, or name their emotion in sources.archive.folders (null "
            "leaves one out)"
        )
    _remark(partless, with_part, renamed, seen)
    return _tested(placed, seen)


def _by_prefix(where, prefix, part, usage):
    # Kaggle's prefix tells the public from the private test; a validation folder is cut from any of the three.
    if prefix not in parts.FILE_PREFIXES or usage == parts.VALIDATION_USAGE:
        return usage
    if part is not None and (usage == TRAINING_USAGE) != (prefix == TRAINING_USAGE):
        raise InputError(f"{where}: expected a file of {shown(part)}/ to be one by name, received {prefix}_; check the archive")
    return prefix


def _remark(partless, with_part, renamed, seen):
    if renamed:
        seen.remarks.append("folders read as: " + ", ".join(f"{shown(folder)} as {renamed[folder]}" for folder in sorted(renamed)))
    if partless and (with_part or len(partless) > 1):
        kind = "warning: " if with_part else ""
        seen.remarks.append(
            f"{kind}{sum(partless.values()):,} faces stand in folders that name no part (training, validation, test): "
            f"{listed(sorted(partless))}; name their part in sources.archive.parts, if they have one"
        )


def _tested(placed, seen):
    # With no other test faces, a validation part is what the data set's makers tested on.
    usages = {usage for *_, usage in placed}
    if parts.VALIDATION_USAGE in usages and not usages & set(TEST_USAGES):
        seen.remarks.append(parts.NO_TEST)
        return [(entry, emotion, parts.tested(usage)) for entry, emotion, usage in placed]
    return placed
