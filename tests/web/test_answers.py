"""The web page in a real browser: it answers as Python does."""

import re
import time

import numpy as np
import pytest
from PIL import Image

from pipeline import web
from pipeline.faces.synthetic import EXPRESSIONS, draw
from pipeline.inference.detection import Box, cut, whole
from tests.web.page import assert_shown, open_picture, opened, shown, status


def test_answers__of_five_faces_are_those_of_python(page, faces, pictures, network):
    page.locator("#whole").check()
    answers = []
    for picture in pictures:
        assert open_picture(page, picture).startswith("One face")
        answers.append(shown(page)[0][0])
    expected = network.probabilities(faces)
    assert abs(np.array(answers) - expected).max() < 1e-3
    assert abs(np.array(answers) - np.roll(expected, 1, axis=0)).max() > 0.1  # the faces are told apart


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
