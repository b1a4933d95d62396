import base64
import io
import json
import logging
import sys
import zipfile

import pytest

from pipeline.config import params as parameters
from pipeline.faces import location
from pipeline.faces.archive import entries
from tests.faces.servers import DATA, KEY, error_of, nobody

# Kaggle: kagglehub has no setting for the address of its API (KAGGLE_API_ENVIRONMENT knows fixed ports), so its table of
# addresses is changed. What is sent, received, unpacked and cached is kagglehub's own.

KAGGLE_PATH = "/v1/datasets.DatasetApiService/DownloadDataset"


class Stdout:
    """Today's sys.stdout, where kagglehub's log would keep that of the test that imported it."""

    def write(self, text):
        sys.stdout.write(text)

    def flush(self):
        sys.stdout.flush()


@pytest.fixture
def kaggle(cache, server, monkeypatch):
    import kagglehub
    from kagglesdk import kaggle_env

    for handler in logging.getLogger(kagglehub.__name__).handlers:
        if type(handler) is logging.StreamHandler:  # kagglehub's own, not pytest's
            monkeypatch.setattr(handler, "stream", Stdout())
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, server.url)
    monkeypatch.setenv("KAGGLE_USERNAME", "someone")
    monkeypatch.setenv("KAGGLE_KEY", KEY)
    return server


def kaggle_archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("train/sad/Training_1.jpg", DATA)
    return 200, {"Content-Type": "application/zip"}, file.getvalue()


def test_from_kaggle__the_version_once_with_the_key(kaggle, cache, capfd):
    kaggle.answers[KAGGLE_PATH] = kaggle_archive()
    folder = location.from_kaggle("someone/faces", 3)
    assert folder.is_relative_to(cache)
    with entries(folder, 10**6) as listing:
        assert [entry.name for entry in listing] == ["train/sad/Training_1.jpg"]
    ((method, path, authorization, sent),) = kaggle.requests
    assert (method, path) == ("POST", KAGGLE_PATH)
    assert json.loads(sent) == {"ownerSlug": "someone", "datasetSlug": "faces", "datasetVersionNumber": 3}
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"someone:{KEY}"  # so it was there to be printed
    assert location.from_kaggle("someone/faces", 3) == folder and len(kaggle.requests) == 1
    printed = "".join(capfd.readouterr())
    assert "Downloading" in printed and KEY not in printed


def test_from_kaggle__users_own_cache(kaggle, tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "own"))
    kaggle.answers[KAGGLE_PATH] = kaggle_archive()
    assert location.from_kaggle("someone/faces", 3).is_relative_to(tmp_path / "own")


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_from_kaggle__refused(kaggle, capfd, status):
    kaggle.answers[KAGGLE_PATH] = (status, {"Content-Type": "application/json"}, b"{}")
    message = error_of(location.from_kaggle, "someone/faces", 3)
    assert message.startswith("kaggle someone/faces version 3: expected to download it, received: ") and str(status) in message
    assert "set KAGGLE_USERNAME and KAGGLE_KEY, or download it by hand and use source archive" in message
    assert kaggle.requests and KEY not in message + "".join(capfd.readouterr())


def test_from_kaggle__no_network(kaggle, monkeypatch, capfd):
    from kagglesdk import kaggle_env

    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, nobody())
    message = error_of(location.from_kaggle, "someone/faces", 3)
    assert message.startswith("kaggle someone/faces version 3: expected to download it, received: ConnectionError")
    assert "; check the network and set" in message and KEY not in message + "".join(capfd.readouterr())


def test_from_kaggle__not_an_archive(kaggle):
    # A failed download must not be taken for a cached one the next time.
    kaggle.answers[KAGGLE_PATH] = (200, {}, b"<html>")
    assert "expected to download it, received: ValueError: Unsupported archive type." in error_of(location.from_kaggle, "someone/faces", 3)
    kaggle.answers[KAGGLE_PATH] = kaggle_archive()
    assert (location.from_kaggle("someone/faces", 3) / "train/sad/Training_1.jpg").read_bytes() == DATA


def test_from_kaggle__token_with_a_line_end(kaggle, monkeypatch):
    # KAGGLE_API_TOKEN is the newer way to give kagglehub a key; \r comes from a file with Windows line ends.
    monkeypatch.setenv("KAGGLE_API_TOKEN", f"{KEY}\r")
    assert KEY not in error_of(location.from_kaggle, "someone/faces", 3)


def test_locate__kaggle_files_other_than_pinned_are_refused(kaggle, cache):
    kaggle.answers[KAGGLE_PATH] = kaggle_archive()
    params = parameters.load()
    chosen = params.chosen.model_copy(update={"source": "kaggle"})

    def located(sha256):
        pins = params.sources.kaggle.model_copy(update={"dataset": "someone/faces", "version": 4, "sha256": sha256})
        sources = params.sources.model_copy(update={"kaggle": pins})
        return location.locate(params.model_copy(update={"sources": sources, "profiles": {params.profile: chosen}}))

    _, received, _ = located(None)
    assert located(received)[1] == received
    assert f"expected sha256 {'0' * 64}, received {received}; fetch it again, or set sources.kaggle.sha256" in error_of(located, "0" * 64)
