import hashlib
from pathlib import Path

import pytest

from pipeline.faces import location
from tests.faces.servers import DATA, KEY, SHA256, error_of, nobody


def test_cache_folder__environment_then_the_users(monkeypatch):
    monkeypatch.setenv("FER2013_CACHE", "/somewhere")
    assert location.cache_folder() == Path("/somewhere")
    for unset in ("", None):
        monkeypatch.setenv("FER2013_CACHE", unset) if unset is not None else monkeypatch.delenv("FER2013_CACHE")
        assert location.cache_folder().name == "fer2013-pipeline"


# A URL


@pytest.mark.parametrize("path", ["/files/fer2013.zip", "/fer2013.zip?download=1"])
def test_from_url__the_file_once(cache, server, path):
    server.answers["/files/fer2013.zip"] = server.answers["/fer2013.zip"] = (200, {}, DATA)
    first = location.from_url(server.url + path, SHA256)
    assert first == cache / f"{SHA256[:16]}-fer2013.zip" and first.read_bytes() == DATA
    assert len(server.requests) == 1
    assert location.from_url(server.url + path, SHA256) == first
    assert len(server.requests) == 1


def test_from_url__damaged_in_the_cache_is_fetched_anew(cache, server):
    server.answers["/fer2013.zip"] = (200, {}, DATA)
    path = location.from_url(server.url + "/fer2013.zip", SHA256)
    path.write_bytes(b"half")
    assert location.from_url(server.url + "/fer2013.zip", SHA256).read_bytes() == DATA
    assert len(server.requests) == 2


def test_from_url__wrong_sha256_leaves_no_file(cache, server):
    server.answers["/fer2013.zip"] = (200, {}, b"another archive")
    url = server.url + "/fer2013.zip"
    message = error_of(location.from_url, url, SHA256)
    assert message.startswith(f"{url}: expected sha256 {SHA256}, received another file (")
    assert hashlib.sha256(b"another archive").hexdigest() in message and message.endswith("check the url and the pin")
    assert len(server.requests) == 1 and not list(cache.iterdir())


def test_from_url__wrong_sha256_keeps_the_right_file(cache, server):
    # Two pins of one url have two names in the cache.
    server.answers["/fer2013.zip"] = (200, {}, DATA)
    path = location.from_url(server.url + "/fer2013.zip", SHA256)
    error_of(location.from_url, server.url + "/fer2013.zip", "0" * 64)
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
    message = error_of(location.from_url, url, SHA256)
    assert message.startswith(f"{url}: expected to download the archive, received: ") and received in message
    assert message.endswith("check the network, or give path") and not list(cache.iterdir())


def test_from_url__server_down(cache):
    url = nobody() + "/fer2013.zip"
    message = error_of(location.from_url, url, SHA256)
    assert message.startswith(f"{url}: expected to download the archive, received: ConnectionError")
    assert message.endswith("check the network, or give path") and not list(cache.iterdir())


@pytest.mark.parametrize("sha256", [None, ""])
def test_from_url__no_sha256(cache, server, sha256):
    message = error_of(location.from_url, server.url + "/fer2013.zip", sha256)
    assert message == "params.yaml: sources.archive.sha256: expected the file's SHA-256 beside a url, received null"
    assert not server.requests


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:99999/fer2013.zip"])
def test_from_url__bad_url(cache, url):
    assert "received another file" not in error_of(location.from_url, url, SHA256)


def test_from_url__password_in_the_url(cache):
    assert KEY not in error_of(location.from_url, nobody().replace("//", f"//someone:{KEY}@") + "/fer2013.zip", SHA256)
