"""The web page in a real browser: it answers as Python does, and nothing leaves it."""

import contextlib
import functools
import http.server
import json
import re
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import web
from pipeline.common.errors import InputError
from pipeline.faces.synthetic import EXPRESSIONS, draw
from pipeline.inference.detection import Box, cut, whole
from pipeline.inference.network import Network
from tests.chromium import CHROMIUM, launched
from tests.loopback import Server

EMOTIONS = ["happy", "surprise", "angry", "fear", "sad"]
WIDTH, HEIGHT = 640, 480  # of the fake camera
FOLDER = "/somewhere/below"  # of the server: the page's own addresses are relative


@pytest.fixture(scope="module")
def faces():
    """Five synthetic faces (5, 48, 48) uint8, none of them a drawing of the page."""
    return draw(EMOTIONS, 1, 0)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the page as it is in the working tree and serve it; its address."""
    missing = [str(file) for file in (*web.RUNTIME, web.DETECTOR) if not file.is_file()]
    if missing:
        pytest.skip(f"no {missing[0]} (run `make web`, which needs npm)")
    root = tmp_path_factory.mktemp("site")
    web.build(root / FOLDER[1:])

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=root))
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}{FOLDER}/"
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory, faces):
    """A browser whose camera sees the five faces by turns."""
    video = tmp_path_factory.mktemp("camera") / "faces.y4m"
    gray = np.full((len(faces), HEIGHT, WIDTH), 128, np.uint8)
    for frame, face in zip(gray, faces, strict=True):
        frame[:, (WIDTH - HEIGHT) // 2 : (WIDTH + HEIGHT) // 2] = Image.fromarray(face).resize((HEIGHT, HEIGHT), Image.Resampling.BICUBIC)
    with video.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for frame in gray:
            file.write(b"FRAME\n" + frame.tobytes() + bytes([128]) * (WIDTH * HEIGHT // 2))
    camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={video}")
    with launched("--headless=new", *camera) as running:
        yield running


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


@pytest.fixture(scope="module")
def loaded(browser, site):
    """One page for all tests that need no other: its networks load once."""
    with opened(browser, site) as page:
        yield page


@pytest.fixture
def page(loaded):
    """The page as it was opened: nothing chosen, nothing allowed, light, wide."""
    loaded.context.clear_permissions()
    loaded.set_viewport_size({"width": 1280, "height": 900})
    loaded.emulate_media(color_scheme="light")
    loaded.locator("#whole").uncheck()
    yield loaded
    if loaded.locator("#camera").inner_text() == "Stop the camera":
        loaded.locator("#camera").click()


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


@pytest.fixture(scope="module")
def network():
    """The same file in Python."""
    return Network(web.NETWORK)


def luminance(colour):
    """Return WCAG's relative luminance of a CSS colour."""
    values = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.fixture
def pictures(faces, tmp_path):
    """The five faces as files."""
    paths = [tmp_path / f"{index}.png" for index in range(len(faces))]
    for path, face in zip(paths, faces, strict=True):
        Image.fromarray(face).save(path)
    return paths


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


def test_answers__of_five_faces_are_those_of_python(page, faces, pictures, network):
    page.locator("#whole").check()
    answers = []
    for picture in pictures:
        assert open_picture(page, picture).startswith("One face")
        answers.append(shown(page)[0][0])
    expected = network.probabilities(faces)
    assert abs(np.array(answers) - expected).max() < 1e-3
    assert abs(np.array(answers) - np.roll(expected, 1, axis=0)).max() > 0.1  # the faces are told apart


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


def test_answers__of_a_large_oblong_picture_are_those_of_python(page, faces, network, tmp_path):
    # Gray by luma, the middle square, Pillow's scaling: all of it in the browser too, to the byte.
    picture = Image.fromarray(faces[0]).resize((301, 200), Image.Resampling.BICUBIC).convert("RGB")
    picture.paste((200, 30, 90), (60, 20, 120, 50))
    picture.save(tmp_path / "oblong.png")
    gray = np.asarray(picture.convert("L"))
    page.locator("#whole").check()
    open_picture(page, tmp_path / "oblong.png")
    expected = cut(gray, whole(gray), network.side, 0)
    seen = page.locator(".face canvas").evaluate("c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)")
    assert (np.array(seen).reshape(48, 48, 4)[..., 0] == expected).all()
    assert_shown(page, network.probabilities(expected[None]))


def test_faces__are_found_where_they_are_and_answered_as_by_python(page, network, tmp_path):
    places = {(40, 60): 196, (300, 200): 25, (500, 80): 0}  # drawings that the detector finds, the clearest of 252
    size, drawn = 72, draw((list(EXPRESSIONS) * 36)[:252], 1, 0)
    picture = Image.new("L", (640, 480), 190)
    for place, index in places.items():
        picture.paste(Image.fromarray(drawn[index]).resize((size, size), Image.Resampling.BICUBIC), place)
    picture.save(tmp_path / "several.png")
    assert open_picture(page, tmp_path / "several.png").startswith("3 faces")
    boxes = page.locator(".face").evaluate_all("all => all.map(face => face.dataset.box.split(' ').map(Number))")
    for (x, y, side), (left, top) in zip(boxes, sorted(places), strict=True):
        assert abs(x + side / 2 - left - size / 2) < 0.2 * size and abs(y + side / 2 - top - size / 2) < 0.2 * size
        assert 0.7 * size < side < 1.3 * size
    cuts = [cut(np.asarray(picture), Box(*box), network.side, web.MARGIN) for box in boxes]
    assert_shown(page, network.probabilities(np.array(cuts)))
    assert "boxes around 3 faces" in page.locator("#picture").get_attribute("aria-label")


def test_faces__none_in_a_picture_is_said(page, tmp_path):
    Image.new("RGB", (320, 240), "gray").save(tmp_path / "nothing.png")
    assert open_picture(page, tmp_path / "nothing.png").startswith("No face was found")
    assert page.locator(".face").count() == 0


def test_picture__chosen_last_is_shown_whichever_is_read_first(browser, site, faces, pictures, network):
    late = """async (source, ...options) => {
      const bitmap = await read(source, ...options);
      if (source instanceof ImageBitmap) await new Promise((done) => setTimeout(done, 500));
      return bitmap;
    }"""
    with opened(browser, site) as page:
        page.locator("#whole").check()
        open_picture(page, pictures[0])
        page.evaluate(f"() => {{ const read = createImageBitmap; window.createImageBitmap = {late} }}")
        page.locator("#whole").dispatch_event("change")  # asks about the first picture again, which is read after the second
        open_picture(page, pictures[1])
        time.sleep(1)
        assert_shown(page, network.probabilities(faces[1:2]))


def test_answers__follow_the_switch_of_the_whole_picture(page, tmp_path):
    Image.new("RGB", (320, 240), "gray").save(tmp_path / "nothing.png")
    open_picture(page, tmp_path / "nothing.png")
    page.locator("#whole").check()
    status(page, "^One face")
    page.locator("#whole").uncheck()
    status(page, "^No face was found")


@pytest.mark.parametrize(("name", "content"), [("a.pdf", b"%PDF-1.7 no picture"), ("empty.png", b""), ("<b>'cut.jpg", b"\xff\xd8\xff\xe0")])
def test_picture__that_is_none_is_said(page, name, content):
    page.locator("#file").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})
    status(page, f"^{re.escape(name)} is no picture")  # by its name: the line of the test before stands until this one comes


def test_picture__of_an_animation_is_the_first_frame(page, faces, pictures, network, tmp_path):
    first, *others = [Image.fromarray(face) for face in faces]
    first.save(tmp_path / "moving.png", save_all=True, append_images=others, duration=50)
    page.locator("#whole").check()
    open_picture(page, tmp_path / "moving.png")
    assert_shown(page, network.probabilities(faces[:1]))


def test_picture__is_turned_as_its_exif_says_and_transparency_is_white(page, faces, network, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    opaque = np.full((48, 48), 255, np.uint8)
    opaque[:10] = 0
    face = np.where(opaque, faces[0], 255).astype(np.uint8)
    stored = Image.merge("LA", [Image.fromarray(faces[0]), Image.fromarray(opaque)]).rotate(90)
    stored.save(tmp_path / "turned.png", exif=exif)
    page.locator("#whole").check()
    open_picture(page, tmp_path / "turned.png")
    assert_shown(page, network.probabilities(face[None]))


def test_picture__of_12000_pixels_is_answered(page, faces, tmp_path):
    large = Image.new("L", (12000, 1200), 190)
    large.paste(Image.fromarray(faces[0]).resize((1200, 1200)), (5400, 0))
    large.save(tmp_path / "large.png")
    page.locator("#whole").check()
    assert open_picture(page, tmp_path / "large.png").startswith("One face")
    assert page.locator("#picture").evaluate("canvas => canvas.width") <= 1280


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
