import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.faces import location
from tests.faces.servers import DATA, KEY, SHA256, error_of, nobody

ROOT = Path(__file__).parents[2]


REVISION = "0123456789abcdef" * 2 + "01234567"  # forty digits


# Hugging Face: huggingface_hub reads HF_ENDPOINT when it is imported, so it runs in a process of its own.

SCRIPT = """
import sys, time
time.sleep = lambda seconds: None  # huggingface_hub waits 23 seconds in all between its attempts
from pipeline.common.errors import run
from pipeline.faces import location
def main():
    print(location.from_huggingface(*sys.argv[1:]))
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
    message = error_of(location.from_huggingface, *pins)
    assert message == f"params.yaml: sources.huggingface.{key}: expected a value, received null; pin repo, revision and file"
