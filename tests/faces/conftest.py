import os

import pytest

from tests.loopback import Server


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
