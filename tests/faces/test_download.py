import base64
import hashlib
import io
import json
import logging
import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.faces import download
from pipeline.faces.archive import entries
from tests.loopback import Server

ROOT = Path(__file__).parents[2]
DATA = b"an archive"
SHA256 = hashlib.sha256(DATA).hexdigest()
REVISION = "0123456789abcdef" * 2 + "01234567"  # forty digits
KEY = "do-not-print-me"


@pytest.fixture
def server():
    running = Server()
    yield running
    running.httpd.shutdown()
    running.httpd.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An own cache and home, no proxy, no key of the user's."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("KAGGLE", "HF_", "FER2013")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FER2013_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KAGGLEHUB_CACHE", "x")  # from_kaggle sets it: so that its value ends with the test
    monkeypatch.delenv("KAGGLEHUB_CACHE")
    return tmp_path / "cache"


def nobody():
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def error_of(function, *arguments):
    with pytest.raises(InputError) as error:
        function(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_cache_folder__environment_then_the_users(monkeypatch):
    monkeypatch.setenv("FER2013_CACHE", "/somewhere")
    assert download.cache_folder() == Path("/somewhere")
    for unset in ("", None):
        monkeypatch.setenv("FER2013_CACHE", unset) if unset is not None else monkeypatch.delenv("FER2013_CACHE")
        assert download.cache_folder().name == "fer2013-pipeline"


# A URL


@pytest.mark.parametrize("path", ["/files/fer2013.zip", "/fer2013.zip?download=1"])
def test_from_url__the_file_once(cache, server, path):
    server.answers["/files/fer2013.zip"] = server.answers["/fer2013.zip"] = (200, {}, DATA)
    first = download.from_url(server.url + path, SHA256)
    assert first == cache / f"{SHA256[:16]}-fer2013.zip" and first.read_bytes() == DATA
    assert len(server.requests) == 1
    assert download.from_url(server.url + path, SHA256) == first
    assert len(server.requests) == 1


def test_from_url__damaged_in_the_cache_is_fetched_anew(cache, server):
    server.answers["/fer2013.zip"] = (200, {}, DATA)
    path = download.from_url(server.url + "/fer2013.zip", SHA256)
    path.write_bytes(b"half")
    assert download.from_url(server.url + "/fer2013.zip", SHA256).read_bytes() == DATA
    assert len(server.requests) == 2


def test_from_url__wrong_sha256_leaves_no_file(cache, server):
    server.answers["/fer2013.zip"] = (200, {}, b"another archive")
    url = server.url + "/fer2013.zip"
    message = error_of(download.from_url, url, SHA256)
    assert message.startswith(f"{url}: expected sha256 {SHA256}, received another file (")
    assert hashlib.sha256(b"another archive").hexdigest() in message and message.endswith("check the url and the pin")
    assert len(server.requests) == 1 and not list(cache.iterdir())


def test_from_url__wrong_sha256_keeps_the_right_file(cache, server):
    # Two pins of one url have two names in the cache.
    server.answers["/fer2013.zip"] = (200, {}, DATA)
    path = download.from_url(server.url + "/fer2013.zip", SHA256)
    error_of(download.from_url, server.url + "/fer2013.zip", "0" * 64)
    assert list(cache.iterdir()) == [path] and path.read_bytes() == DATA


@pytest.mark.parametrize(
    ("answer", "received"),
    [
        ((404, {}, b""), "HTTPError: 404 Client Error"),
        ((500, {}, b""), "HTTPError: 500 Server Error"),
        ((200, {"Content-Length": "100"}, DATA), "10 bytes read, 90 more expected"),  # cut off
    ],
    ids=["404", "500", "cut"],
)
def test_from_url__bad_answer_leaves_no_file(cache, server, answer, received):
    server.answers["/fer2013.zip"] = answer
    url = server.url + "/fer2013.zip"
    message = error_of(download.from_url, url, SHA256)
    assert message.startswith(f"{url}: expected to download the archive, received: ") and received in message
    assert message.endswith("check the network, or give path") and not list(cache.iterdir())


def test_from_url__server_down(cache):
    url = nobody() + "/fer2013.zip"
    message = error_of(download.from_url, url, SHA256)
    assert message.startswith(f"{url}: expected to download the archive, received: ConnectionError")
    assert message.endswith("check the network, or give path") and not list(cache.iterdir())


@pytest.mark.parametrize("sha256", [None, ""])
def test_from_url__no_sha256(cache, server, sha256):
    message = error_of(download.from_url, server.url + "/fer2013.zip", sha256)
    assert message == "params.yaml: sources.archive.sha256: expected the file's SHA-256 beside a url, received null"
    assert not server.requests


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
    folder = download.from_kaggle("someone/faces", 3)
    assert folder.is_relative_to(cache)
    with entries(folder, 10**6) as listing:
        assert [entry.name for entry in listing] == ["train/sad/Training_1.jpg"]
    ((method, path, authorization, sent),) = kaggle.requests
    assert (method, path) == ("POST", KAGGLE_PATH)
    assert json.loads(sent) == {"ownerSlug": "someone", "datasetSlug": "faces", "datasetVersionNumber": 3}
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"someone:{KEY}"  # so it was there to be printed
    assert download.from_kaggle("someone/faces", 3) == folder and len(kaggle.requests) == 1
    printed = "".join(capfd.readouterr())
    assert "Downloading" in printed and KEY not in printed


def test_from_kaggle__users_own_cache(kaggle, tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "own"))
    kaggle.answers[KAGGLE_PATH] = kaggle_archive()
    assert download.from_kaggle("someone/faces", 3).is_relative_to(tmp_path / "own")


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_from_kaggle__refused(kaggle, capfd, status):
    kaggle.answers[KAGGLE_PATH] = (status, {"Content-Type": "application/json"}, b"{}")
    message = error_of(download.from_kaggle, "someone/faces", 3)
    assert message.startswith("kaggle someone/faces version 3: expected to download it, received: ") and str(status) in message
    assert "set KAGGLE_USERNAME and KAGGLE_KEY, or download it by hand and use source archive" in message
    assert kaggle.requests and KEY not in message + "".join(capfd.readouterr())


def test_from_kaggle__no_network(kaggle, monkeypatch, capfd):
    from kagglesdk import kaggle_env

    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, nobody())
    message = error_of(download.from_kaggle, "someone/faces", 3)
    assert message.startswith("kaggle someone/faces version 3: expected to download it, received: ConnectionError")
    assert "; check the network and set" in message and KEY not in message + "".join(capfd.readouterr())


def test_from_kaggle__not_an_archive(kaggle):
    # A failed download must not be taken for a cached one the next time.
    kaggle.answers[KAGGLE_PATH] = (200, {}, b"<html>")
    assert "expected to download it, received: ValueError: Unsupported archive type." in error_of(download.from_kaggle, "someone/faces", 3)
    kaggle.answers[KAGGLE_PATH] = kaggle_archive()
    assert (download.from_kaggle("someone/faces", 3) / "train/sad/Training_1.jpg").read_bytes() == DATA


# Hugging Face: huggingface_hub reads HF_ENDPOINT when it is imported, so it runs in a process of its own.

SCRIPT = """
import sys, time
time.sleep = lambda seconds: None  # huggingface_hub waits 23 seconds in all between its attempts
from pipeline.errors import run
from pipeline.faces import download
def main():
    print(download.from_huggingface(*sys.argv[1:]))
run(main)
"""
FILE_PATH = f"/datasets/someone/faces/resolve/{REVISION}/data/fer2013.zip"


def huggingface(cache, url, **environment):
    """The process that downloads data/fer2013.zip from the server at `url`."""
    own = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "FER2013_CACHE": str(cache), "HF_ENDPOINT": url}
    own |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"} | environment
    command = [sys.executable, "-c", SCRIPT, "someone/faces", REVISION, "data/fer2013.zip"]
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=60, check=False)


def last_line(done):
    assert done.returncode == 2 and "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def fetched(server):
    return [(method, authorization) for method, path, authorization, _ in server.requests if path == FILE_PATH]


def test_from_huggingface__the_revision_once_with_the_key(cache, server):
    server.answers[FILE_PATH] = (200, {"X-Repo-Commit": REVISION, "ETag": f'"{SHA256}"'}, DATA)
    first = huggingface(cache, server.url, HF_TOKEN=KEY)
    assert first.returncode == 0, first.stderr
    path = Path(first.stdout.splitlines()[-1])
    assert path.is_relative_to(cache) and path.name == "fer2013.zip" and path.read_bytes() == DATA
    assert fetched(server) == [("HEAD", f"Bearer {KEY}"), ("GET", f"Bearer {KEY}")]  # so it was there to be printed
    second = huggingface(cache, server.url, HF_TOKEN=KEY)
    assert second.stdout == first.stdout and len(fetched(server)) == 2
    assert KEY not in first.stdout + first.stderr + second.stdout + second.stderr


def test_from_huggingface__gated(cache, server):
    server.answers[FILE_PATH] = (401, {"X-Error-Code": "GatedRepo"}, b"")
    done = huggingface(cache, server.url, HF_TOKEN=KEY)
    line = last_line(done)
    assert "hugging face someone/faces data/fer2013.zip: expected to download it, received: GatedRepoError: 401" in line
    assert "for a gated repository, set HF_TOKEN, or download it by hand and use source archive" in line
    assert fetched(server) and KEY not in done.stdout + done.stderr


def test_from_huggingface__no_network(cache):
    done = huggingface(cache, nobody(), HF_TOKEN=KEY)
    line = last_line(done)
    assert "hugging face someone/faces data/fer2013.zip: expected to download it, received: LocalEntryNotFoundError" in line
    assert "; check the network and" in line and KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("pins", "key"),
    [
        ((None, REVISION, "fer2013.zip"), "repo"),
        (("someone/faces", None, "fer2013.zip"), "revision"),
        (("someone/faces", REVISION, None), "file"),
        ((None, None, None), "repo"),
    ],
)
def test_from_huggingface__missing_pin(cache, pins, key):
    message = error_of(download.from_huggingface, *pins)
    assert message == f"params.yaml: sources.huggingface.{key}: expected a value, received null; pin repo, revision and file"


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:99999/fer2013.zip"])
def test_from_url__bad_url(cache, url):
    assert "received another file" not in error_of(download.from_url, url, SHA256)


def test_from_kaggle__token_with_a_line_end(kaggle, monkeypatch):
    # KAGGLE_API_TOKEN is the newer way to give kagglehub a key; \r comes from a file with Windows line ends.
    monkeypatch.setenv("KAGGLE_API_TOKEN", f"{KEY}\r")
    assert KEY not in error_of(download.from_kaggle, "someone/faces", 3)


def test_from_url__password_in_the_url(cache):
    assert KEY not in error_of(download.from_url, nobody().replace("//", f"//someone:{KEY}@") + "/fer2013.zip", SHA256)
