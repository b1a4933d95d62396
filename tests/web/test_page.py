"""The page says what it is worth, sends nothing away, and can be used by everybody."""

import re

import pytest

from tests.loopback import Server
from tests.web.page import outside, status


def luminance(colour):
    """Return WCAG's relative luminance of a CSS colour."""
    values = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_page__says_what_it_is_worth_before_any_answer(page):
    before, _, after = page.locator("main").inner_text().partition("Open a picture")
    assert all(limit in before for limit in ("not what a person feels", "Nothing leaves this computer", "decision about a person"))
    assert "Answers" in after


def test_page__may_not_reach_another_origin(browser, site, faces, pictures):
    other = Server()
    other.answers["/x.png"] = (200, {"Access-Control-Allow-Origin": "*"}, b"reached")
    ask = f"fetch('{other.url}/x.png').then(() => 'reached', () => 'refused')"

    def tries(page):
        page.locator("#drawings button").first.click()  # which starts the worker
        status(page, "One face")
        image = f"new Promise(done => {{ const i = new Image(); i.onload = i.onerror = done; i.src = '{other.url}/x.png?image' }})"
        page.evaluate(f"Promise.all([{image}, navigator.sendBeacon('{other.url}/x.png?beacon', 'x')])")
        return [page.evaluate(ask), page.workers[0].evaluate(ask)]

    # With the policy switched off the same page does reach it: these tries can fail.
    for policy, expected in ((True, "refused"), (False, "reached")):
        context = browser.new_context(bypass_csp=not policy)
        page, requests = context.new_page(), []
        context.on("request", lambda request, requests=requests: requests.append(request.url))
        page.goto(site)
        status(page, "Ready.")
        assert tries(page) == [expected, expected]
        assert bool(other.requests) is not policy
        assert policy or len(outside(requests, site)) >= 3  # as every test here looks for them
        context.close()
    other.httpd.shutdown()


@pytest.mark.parametrize(("answer", "said"), [({"body": b"half"}, "expected [0-9]+ bytes, received 4"), ({"status": 404}, "answered 404")])
def test_network__that_does_not_come_is_said_and_can_be_tried_again(browser, site, answer, said):
    context = browser.new_context()
    page = context.new_page()
    context.route("**/compact.onnx", lambda route: route.fulfill(**answer))
    page.goto(site)
    status(page, "Ready")
    page.locator("#drawings button").first.click()
    status(page, f"That did not work: compact.onnx: .*{said}")
    context.unroute("**/compact.onnx")
    page.locator("#drawings button").first.click()
    status(page, "^One face")
    context.close()


def test_keyboard__reaches_everything_and_answers(page):
    page.reload()
    status(page, "Ready")
    name, focused = "(e => e.id || e.querySelector('img')?.alt || e.className)(document.activeElement)", []
    for _ in range(12):
        page.keyboard.press("Tab")
        focused.append(page.evaluate(name))
    assert focused[:4] == ["skip", "file", "camera", "whole"] and sum("drawing" in name for name in focused) == 7
    with page.expect_file_chooser():
        page.locator("#file").press("Enter")
    page.locator("#drawings button").nth(3).focus()
    page.keyboard.press("Enter")
    status(page, "^One face")
    page.locator("#whole").press("Space")
    assert page.locator("#whole").is_checked()
    page.keyboard.press("Shift+Tab")
    assert page.locator("#camera").evaluate("button => getComputedStyle(button).outlineStyle") == "solid"  # the focus is seen


def test_page__can_be_read_by_a_screen_reader(page):
    page.locator("#drawings button").first.click()
    status(page, "^One face")
    levels = [int(tag[1]) for tag in page.eval_on_selector_all("h1,h2,h3", "all => all.map(e => e.tagName)")]
    assert levels.count(1) == 1 and all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert page.get_attribute("html", "lang") == "en"
    assert page.locator("#status").get_attribute("role") == "status"
    assert page.locator("img:not([alt]), canvas:not([aria-label]), table:not(:has(caption)), tbody th:not([scope=row])").count() == 0
    unlabelled = "all => all.filter(e => !e.labels?.length && !e.textContent.trim() && !e.querySelector('img[alt]')).length"
    assert page.eval_on_selector_all("input, button", unlabelled) == 0


def test_page__fits_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    page.locator("#drawings button").first.click()
    status(page, "^One face")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page__contrast_is_enough(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.locator("#drawings button").first.click()
    status(page, "^One face")

    def colour(selector, name):
        return luminance(page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{name}"))

    def ratio(one, other):
        return (max(one, other) + 0.05) / (min(one, other) + 0.05)

    back = colour("body", "backgroundColor")
    assert (back < 0.2) == (scheme == "dark")
    texts = {("body", "body"), ("footer a", "body"), (".limits strong", ".limits"), ("#camera", "#camera"), (".button", ".button")}
    for text, behind in texts:
        assert ratio(colour(text, "color"), colour(behind, "backgroundColor")) >= 4.5, text
    for bar in (".top .bar", "tr:not(.top) .bar"):  # WCAG 1.4.11
        assert ratio(colour(bar, "backgroundColor"), colour(".track", "backgroundColor")) >= 3, bar
    page.evaluate("document.getElementById('status').classList.add('problem')")
    assert ratio(colour("#status", "color"), back) >= 4.5
