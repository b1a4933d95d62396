"""What the web page finds and answers in chromium: FER-2013's test faces in larger canvases, those of benchmarks.detection.

make web
FER2013_ARCHIVE=/path/to/fer2013.zip python -m benchmarks.web_page [--faces 1000] [--json FILE]

Every canvas is searched as a picture is and as a frame of the camera is, by the page's own code. The score is of the faces that it found,
beside that of the same faces as they are. It wants playwright (make test installs it) and chromium.
"""

import argparse
import base64
import functools
import http.server
import io
import os
import shutil
import statistics
import threading
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from benchmarks.detection import canvases_of, matched
from pipeline import web
from pipeline.common.errors import InputError, run
from pipeline.common.files import write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.common.progress import Bar
from pipeline.config import params as parameters
from pipeline.dataset.names import TEST_USAGES
from pipeline.inference.detection import Box
from pipeline.predict import kept
from pipeline.weights import official_faces

SEARCHES = {"a picture": web.LONGEST, "the camera": web.LONGEST_CAMERA}  # pixels of the longer side
ASK = """async ([picture, longest]) => {
  window.asker ??= new (await import("./asker.js")).Asker(() => {});
  const blob = new Blob([Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0))]);
  const { faces, milliseconds } = await window.asker.ask(await createImageBitmap(blob), false, longest);
  return { milliseconds, faces: faces.map(({ box, answers }) => [box.x, box.y, box.side, answers.map((one) => one.probability)]) };
}"""


def asking(page):
    """Return a function from a picture (h, w) uint8 and a longest side to (boxes, probabilities, milliseconds to find, to answer)."""

    def ask(gray, longest):
        file = io.BytesIO()
        Image.fromarray(gray).save(file, "PNG")
        said = page.evaluate(ASK, [base64.b64encode(file.getvalue()).decode(), longest])
        boxes = [Box(x, y, side) for x, y, side, _ in said["faces"]]
        return boxes, [one for *_, one in said["faces"]], said["milliseconds"]["find"], said["milliseconds"]["answer"]

    return ask


def measured(ask, longest, canvases, labels, right_as_they_are):
    """Return what the page makes of canvases [(picture, boxes)], whose faces have `labels` (n,), by asking().

    right_as_they_are: (n,) bool, whether the network is right on each face before it was put into its canvas.
    """
    found, right, false, ratios, times, number = [], 0, 0, [], [], 0
    with Bar(f"search at {longest} px", len(canvases), "pictures") as bar:
        for gray, boxes in canvases:
            received, probabilities, *milliseconds = ask(gray, longest)
            times.append(milliseconds)
            pairs = matched(received, boxes)
            false += len(received) - sum(one is not None for one in pairs)
            for face, (box, one) in enumerate(zip(boxes, pairs, strict=True), number):
                if one:
                    found.append(face)
                    ratios.append(box.side / one.side)
                    right += int(np.argmax(probabilities[received.index(one)]) == labels[face])
            number += len(boxes)
            bar.advance(1)
    low, high = binomtest(right, len(found)).proportion_ci(method="wilson") if found else (0, 1)
    return {
        "faces": number, "found": len(found), "false": false, "right": right, "interval": [float(low), float(high)],
        "right_as_they_are": int(right_as_they_are[found].sum()), "side": np.percentile(ratios or [np.nan], [10, 50, 90]).round(3).tolist(),
        "milliseconds_to_find": round(statistics.median(find for find, _ in times), 1),
        "milliseconds_to_answer": round(statistics.median(answer for _, answer in times), 1),
    }  # fmt: skip


def opened(playwright, folder):
    """Return a page of chromium's that shows the built page in `folder`."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not (folder / "settings.json").is_file() or not chromium:
        raise InputError(f"expected the page in {folder} and chromium, received less; run `make web`, and install chromium")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    page = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]).new_page()
    page.goto(f"http://127.0.0.1:{httpd.server_port}/")
    return page


def main():
    """Measure, print a table, and write the figures if asked to."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=1000, help="of test, four a canvas; default: 1000")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    params, (network, _) = parameters.load().model_copy(update={"profile": "full"}), kept("compact-0")
    pixels, labels = official_faces(params, network.classes, TEST_USAGES)
    chosen = np.random.default_rng(0).permutation(len(labels))[: options.faces]
    faces, labels = pixels[chosen][..., 0], labels[chosen]
    as_they_are = network.probabilities(faces).argmax(axis=1) == labels
    figures = {"machine": fingerprint(), "searches": {}}
    with sync_playwright() as playwright:
        ask = asking(opened(playwright, web.OUT))
        for name, longest in SEARCHES.items():
            figures["searches"][name] = measured(ask, longest, canvases_of(faces, 1), labels, as_they_are)
    table = Table("searched as", "found", "false", "face / box", "right of the found, %", "as they are, %", "ms to find", "ms to answer")
    for name, one in figures["searches"].items():
        score = f"{100 * one['right'] / one['found']:.2f} ({100 * one['interval'][0]:.2f} to {100 * one['interval'][1]:.2f})"
        base, found = f"{100 * one['right_as_they_are'] / one['found']:.2f}", f"{one['found']} of {one['faces']}"
        times = (str(one["milliseconds_to_find"]), str(one["milliseconds_to_answer"]))
        table.add_row(name, found, str(one["false"]), str(one["side"]), score, base, *times)
    Console().print(table)
    if options.json:
        write_json(options.json, figures)


if __name__ == "__main__":
    run(main)
