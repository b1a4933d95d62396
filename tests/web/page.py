"""Opens the page, asks it and reads what it shows."""

import contextlib
import re
import time

import numpy as np

FOLDER = "/somewhere/below"  # of the server: the page's own addresses are relative


@contextlib.contextmanager
def opened(browser, site, **options):
    """The page, ready; at the end no error, and no request to another origin."""
    context = browser.new_context(**options)
    page, problems, requests = context.new_page(), [], []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    context.on("request", lambda request: requests.append(request.url))
    page.goto(site)
    status(page, "Ready.")
    yield page
    context.close()
    assert requests and outside(requests, site) == []
    assert problems == []


def outside(requests, site):
    """Return the addresses among `requests` that are not of the page's folder, or made by the page itself."""
    return [url for url in requests if not url.startswith((site, f"blob:{site.removesuffix(FOLDER + '/')}/", "data:"))]


def status(page, pattern, seconds=30):
    """Wait for a status line that matches; return it. (The policy forbids the eval of playwright's own wait.)"""
    end = time.monotonic() + seconds
    while not re.search(pattern, text := page.locator("#status").inner_text()):
        assert time.monotonic() < end, f"expected {pattern!r}, the status line says: {text!r}"
        time.sleep(0.03)
    return text


def open_picture(page, path):
    """Open a file and wait for the answer; the page itself drops the line of the picture before."""
    page.locator("#file").set_input_files(str(path))
    return status(page, r"face|picture")


def shown(page):
    """Return the probabilities (faces, emotions) that the page shows, unrounded, and the names of the emotions."""
    rows = page.locator(".face tr")
    values = [float(value) for value in rows.evaluate_all("rows => rows.map(row => row.dataset.probability)")]
    names = page.locator(".face").first.locator("th").all_inner_texts()
    return np.array(values).reshape(-1, max(len(names), 1)), names


def assert_shown(page, expected):
    """The page shows these probabilities."""
    values, _ = shown(page)
    assert values.shape == expected.shape
    assert abs(values - expected).max() < 1e-3
