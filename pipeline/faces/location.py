"""Where the archive of faces is: on this machine, or downloaded once, from a URL, Kaggle or Hugging Face, and checked."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.common.errors import InputError
from pipeline.common.files import absolute, cache_folder
from pipeline.faces import archive

SECRETS = ("KAGGLE_KEY", "KAGGLE_API_TOKEN", "HF_TOKEN")  # libraries quote a header that they refuse


def locate(params):
    """Return (path, its SHA-256, origin) of the archive that the profile's source names; downloads where it must."""
    source = params.chosen.source
    pins = getattr(params.sources, source)
    if source == "kaggle":
        path, origin = from_kaggle(pins.dataset, pins.version), f"kaggle {pins.dataset} version {pins.version}"
        return path, archive.check_sha256(path, pins.sha256, "sources.kaggle.sha256"), origin
    if source == "huggingface":
        path = from_huggingface(pins.repo, pins.revision, pins.file)
        return (
            path,
            archive.check_sha256(path, pins.sha256, "sources.huggingface.sha256"),
            f"hugging face {pins.repo}@{pins.revision} {pins.file}",
        )
    given = os.environ.get("FER2013_ARCHIVE") or pins.path
    if given:
        path, origin = absolute(given), "an archive on this machine"
    elif pins.url:
        path, origin = from_url(pins.url, pins.sha256), pins.url
    else:
        raise InputError("expected the archive's place, received none; set FER2013_ARCHIVE=/path/to/fer2013.zip or sources.archive.path")
    if not path.exists():
        raise InputError(f"expected the archive at {path}, found none; set FER2013_ARCHIVE or sources.archive.path")
    return path, archive.check_sha256(path, pins.sha256, "sources.archive.sha256"), origin


def from_url(url, sha256):
    """Return the path of the file at an http(s) `url` whose SHA-256 is `sha256`; downloaded once."""
    import pooch

    if "@" in urlsplit(url).netloc:
        raise InputError("params.yaml: sources.archive.url: expected a url without a password, received one; download it by hand")
    if not sha256:
        raise InputError("params.yaml: sources.archive.sha256: expected the file's SHA-256 beside a url, received null")
    name = f"{sha256[:16]}-{url.split('?')[0].rstrip('/').rpartition('/')[2] or 'archive'}"
    try:
        return Path(pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=cache_folder()))
    except OSError as error:  # requests' errors are OSErrors
        raise InputError(f"{url}: expected to download the archive, received: {_short(error)}; check the network, or give path") from None
    except ValueError as error:
        raise InputError(f"{url}: expected sha256 {sha256}, received another file ({error}); check the url and the pin") from None


def from_kaggle(dataset, version):
    """Return the folder of a Kaggle data set's version. KAGGLE_USERNAME and KAGGLE_KEY come from the environment."""
    os.environ.setdefault("KAGGLEHUB_CACHE", str(cache_folder() / "kagglehub"))
    import kagglehub

    try:
        return Path(kagglehub.dataset_download(f"{dataset}/versions/{version}"))
    except Exception as error:  # noqa: BLE001 kagglehub passes on errors of many libraries
        raise InputError(
            f"kaggle {dataset} version {version}: expected to download it, received: {_short(error)}; check the network and set "
            "KAGGLE_USERNAME and KAGGLE_KEY, or download it by hand and use source archive"
        ) from None


def from_huggingface(repo, revision, file):
    """Return the path of a file in a Hugging Face data set repository. HF_TOKEN comes from the environment."""
    for key, value in (("repo", repo), ("revision", revision), ("file", file)):
        if value is None:
            raise InputError(f"params.yaml: sources.huggingface.{key}: expected a value, received null; pin repo, revision and file")
    import huggingface_hub

    try:
        return Path(
            huggingface_hub.hf_hub_download(repo, file, repo_type="dataset", revision=revision, cache_dir=cache_folder() / "huggingface")
        )
    except Exception as error:  # noqa: BLE001 huggingface_hub passes on errors of many libraries
        raise InputError(
            f"hugging face {repo} {file}: expected to download it, received: {_short(error)}; check the network and, for a "
            "gated repository, set HF_TOKEN, or download it by hand and use source archive"
        ) from None


def _short(error):
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    for name in SECRETS:
        if os.environ.get(name, "").strip():
            text = text.replace(os.environ[name].strip(), "...")
    return text[:300]
