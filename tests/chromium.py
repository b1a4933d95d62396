"""Debian's chromium, headless, driven by playwright, for tests that open a page."""

import contextlib
import os
import shutil

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextlib.contextmanager
def launched(*arguments):
    """A browser of playwright's; the test that wants it is skipped where there is none."""
    if not CHROMIUM:
        pytest.skip("no chromium on this machine (Debian: apt install chromium; or CHROMIUM=/path/to/it)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *arguments])
        yield running
        running.close()
