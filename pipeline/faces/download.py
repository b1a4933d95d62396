"""Fetches archives from a URL, Kaggle or Hugging Face into a cache of the user's, checked before they get their name."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import InputError
from pipeline.files import cache_folder

SECRETS = ("KAGGLE_KEY", "KAGGLE_API_TOKEN", "HF_TOKEN")  # libraries quote a header that they refuse


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
