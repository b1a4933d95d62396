"""What the page is built of."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from pipeline import web
from pipeline.common.errors import InputError


def test_files__of_others_are_pinned_by_hash_and_not_committed():
    committed = subprocess.run(["git", "ls-files", "web"], capture_output=True, text=True, check=True).stdout.split()
    assert set(committed) >= {"web/package-lock.json", "web/requirements.txt"}
    assert not [file for file in committed if Path(file).suffix not in (".js", ".html", ".css", ".json", ".txt")]
    packages = json.loads(Path("web/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 1 and all("integrity" in package for name, package in packages.items() if name)
    pins = [line for line in Path("web/requirements.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert pins and all(re.fullmatch(r"\S+==\S+ --hash=sha256:[0-9a-f]{64}", pin) for pin in pins)


def test_files__of_the_page_name_no_other_host():
    texts = {file: file.read_text(encoding="utf-8") for file in web.SOURCE.iterdir()}
    assert [file for file, text in texts.items() if re.search(r"(?:https?|wss?):?//", text)] == []
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', texts[web.SOURCE / "index.html"])[1]
    words = {word for rule in policy.split(";") for word in rule.split()[1:]}
    assert words == {"'none'", "'self'", "'wasm-unsafe-eval'", "blob:", "data:"}
    assert policy.startswith("default-src 'none'")


def test_build__without_what_npm_installs_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(web, "RUNTIME", [tmp_path / "absent.mjs"])
    with pytest.raises(InputError, match="absent.mjs, which `make web` installs"):
        web.build(tmp_path / "out")
    assert not (tmp_path / "out").exists()
