"""The page's camera, or in words why there is none."""

import re
import time

import pytest

from tests.chromium import CHROMIUM
from tests.web.page import opened, shown, status


def test_camera__shows_bars_that_follow_the_faces(page, faces):
    page.context.grant_permissions(["camera"])
    page.locator("#whole").check()
    page.locator("#camera").click()
    status(page, "One face")
    seen = set()
    end = time.monotonic() + 10
    while len(seen) < 3 and time.monotonic() < end:
        values, _ = shown(page)
        assert values.shape == (1, 7) and values.sum() == pytest.approx(1, abs=1e-4)
        widths = page.locator(".face .bar").evaluate_all("bars => bars.map(bar => parseFloat(bar.style.width))")
        assert max(widths) > 100 / 7
        seen.add(values.round(1).tobytes())
    assert len(seen) >= 3  # five faces by turns
    assert re.search(r"[\d.]+ frames a second", page.locator("#speed").inner_text())
    page.locator("#camera").click()
    status(page, "The camera is off")
    assert page.locator("#camera").inner_text() == "Start the camera"


def test_camera__refused_is_said(page):
    page.locator("#camera").click()
    status(page, "The camera was refused. Allow it")
    assert page.locator("#camera").inner_text() == "Start the camera"


def test_camera__missing_is_said(browser, site):
    arguments = ["--no-sandbox", "--headless=new", "--use-fake-device-for-media-stream=device-count=0"]
    other = browser.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    with opened(other, site) as page:
        page.locator("#camera").click()
        status(page, "No camera was found")
    other.close()


def test_camera__not_given_to_an_insecure_address_is_said(page):
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', {value: undefined, configurable: true})")
    page.locator("#camera").click()
    status(page, "wants https, or localhost")
    page.evaluate("delete navigator.mediaDevices")
