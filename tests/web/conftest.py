"""The page built and served, a browser whose camera sees drawn faces, and the same network in Python."""

import functools
import http.server
import threading

import numpy as np
import pytest
from PIL import Image

from pipeline import web
from pipeline.faces.synthetic import draw
from pipeline.inference.network import Network
from tests.chromium import launched
from tests.web.page import FOLDER, opened

EMOTIONS = ["happy", "surprise", "angry", "fear", "sad"]
WIDTH, HEIGHT = 640, 480  # of the fake camera


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


@pytest.fixture(scope="module")
def network():
    """The same file in Python."""
    return Network(web.NETWORK)


@pytest.fixture
def pictures(faces, tmp_path):
    """The five faces as files."""
    paths = [tmp_path / f"{index}.png" for index in range(len(faces))]
    for path, face in zip(paths, faces, strict=True):
        Image.fromarray(face).save(path)
    return paths
