"""The report's page in a real browser: Debian's chromium, headless, driven by playwright."""

import contextlib
import re

import pytest

from tests.chromium import launched


@pytest.fixture(scope="module")
def browser():
    with launched() as running:
        yield running


@contextlib.contextmanager
def opened_file(browser, path, **options):
    """A page opened from its file; at the end no error and no request to the outside."""
    context = browser.new_context(**options)
    opened, problems, outside = context.new_page(), [], []
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", lambda r: outside.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    opened.goto(path.as_uri())
    yield opened
    context.close()
    assert not problems and not outside


@pytest.fixture
def page(browser, project, request):
    """The project's page."""
    with opened_file(browser, project.folder / "reports" / "index.html", **getattr(request, "param", {})) as opened:
        yield opened


def test_page__every_figure_loads_and_says_what_it_shows(page):
    images = page.locator("figure img")
    assert images.count() >= 8
    for index in range(images.count()):
        assert images.nth(index).evaluate("image => image.complete && image.naturalWidth > 0")
        assert len(images.nth(index).get_attribute("alt")) > 10


def test_page__tables_sort_by_number_and_back(page):
    page.locator("#result details summary").click()
    table = page.locator("#result table.sortable")
    head = table.locator("thead th").nth(2)

    def column():
        return [float(text) for text in table.locator("tbody tr td:nth-child(3)").all_text_contents()]

    head.locator("button").click()
    assert column() == sorted(column()) and head.get_attribute("aria-sort") == "ascending"
    head.locator("button").press("Enter")  # by keyboard too
    assert column() == sorted(column(), reverse=True) and head.get_attribute("aria-sort") == "descending"


def test_page__figures_enlarge_and_close_by_keyboard(page):
    button = page.locator("figure button").first
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog").evaluate("dialog => dialog.open")
    assert page.locator("dialog img").evaluate("image => image.naturalWidth > 0")
    page.keyboard.press("Escape")
    assert not page.locator("dialog").evaluate("dialog => dialog.open")


@pytest.mark.parametrize("page", [{"viewport": {"width": w, "height": 740}} for w in (360, 1280)], indirect=True, ids=["phone", "desk"])
def test_page__nothing_scrolls_sideways(page):
    page.eval_on_selector_all("details", "all => all.forEach(element => { element.open = element.querySelector('pre') === null; })")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    wide = page.eval_on_selector_all(".wide", "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)")
    assert wide == []


def test_page__first_screen_has_every_row_and_the_verdict(page):
    assert page.locator("#result .verdict").inner_text() == "No line of the paper is put to the test: no row was run as the paper ran it."
    names = page.locator(".chart .name").all_inner_texts()
    assert len(names) == 15 and len(set(names)) == 15
    values = page.locator(".chart .value").all_inner_texts()
    assert sum("not run" in value for value in values) == 15 - page.locator(".chart li i.ours").count() < 15
    box = page.locator(".chart").bounding_box()
    assert box["y"] < 740  # seen without scrolling, at least its beginning


def luminance(colour):
    """Return WCAG's relative luminance of a CSS colour."""
    values = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("page", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"])
def test_page__contrast_is_enough(page):
    background = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    selectors = ["body", "a:not(.skip)", ".not-run, .not-comparable", ".agrees", ".contradicts"]
    for selector in selectors:
        text = luminance(page.locator(selector).first.evaluate("element => getComputedStyle(element).color"))
        ratio = (max(text, background) + 0.05) / (min(text, background) + 0.05)
        assert ratio >= 4.5, (selector, ratio)


def test_page__headings_and_headers_for_a_screen_reader(page):
    levels = [int(tag[1]) for tag in page.eval_on_selector_all("h1,h2,h3", "all => all.map(e => e.tagName)")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("thead th:not([scope=col])").count() == 0
    assert page.get_attribute("html", "lang") == "en"


def test_page__is_one_file_of_less_than_5_mb(project):
    path = project.folder / "reports" / "index.html"
    assert path.stat().st_size < 5_000_000
    assert not re.search(r'(?:src|href)="(?!data:|#)', path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("command", [("show",), ("diff", "HEAD")])
def test_plots__are_drawn_without_a_network(browser, project, tmp_path, command):
    project.run("dvc", "plots", *command, "--out", str(tmp_path))
    with opened_file(browser, tmp_path / "index.html") as opened:
        charts = opened.locator(".vega-embed canvas, .vega-embed svg.marks")
        charts.nth(3).wait_for(timeout=20_000)
        assert charts.count() >= 4 and min(box["width"] for box in (charts.nth(i).bounding_box() for i in range(4))) > 100
