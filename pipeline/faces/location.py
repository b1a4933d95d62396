"""Where the archive of faces is: on this machine, or downloaded once."""

import os
from pathlib import Path

from pipeline.errors import InputError
from pipeline.faces import archive, download


def locate(params):
    """Return (path, its SHA-256, origin) of the archive that the profile's source names; downloads where it must."""
    source = params.chosen.source
    pins = getattr(params.sources, source)
    if source == "kaggle":
        path, origin = download.from_kaggle(pins.dataset, pins.version), f"kaggle {pins.dataset} version {pins.version}"
        return path, archive.sha256_of(path), origin
    if source == "huggingface":
        path = download.from_huggingface(pins.repo, pins.revision, pins.file)
        return path, archive.check_sha256(path, pins.sha256), f"hugging face {pins.repo}@{pins.revision} {pins.file}"
    given = os.environ.get("FER2013_ARCHIVE") or pins.path
    if given:
        path, origin = Path(given), "an archive on this machine"
    elif pins.url:
        path, origin = download.from_url(pins.url, pins.sha256), pins.url
    else:
        raise InputError("expected the archive's place, received none; set FER2013_ARCHIVE=/path/to/fer2013.zip or sources.archive.path")
    if not path.exists():
        raise InputError(f"expected the archive at {path}, found none; set FER2013_ARCHIVE or sources.archive.path")
    return path, archive.check_sha256(path, pins.sha256), origin
