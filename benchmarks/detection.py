"""Face detectors that come inside packages, on canvases with FER-2013's faces; and what the framing of a face is worth.

FER2013_ARCHIVE=/path/to/fer2013.zip python -m benchmarks.detection [--faces 1000] [--json FILE]

A canvas is 640 x 480 pixels of smooth gray noise with up to four faces of 60 to 200 pixels. The first table is of training faces: margin
and detector are chosen by it, and no score is in it. The second is the score of test faces that the chosen detector found, by the margin
around its box, beside that of the same faces as they are. dlib is measured where it is installed (pip install dlib-bin).
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from pipeline.common.errors import run
from pipeline.common.files import write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.common.progress import Bar
from pipeline.config import params as parameters
from pipeline.dataset.names import TEST_USAGES, TRAINING_USAGE
from pipeline.inference import detection
from pipeline.inference.detection import Box
from pipeline.predict import kept
from pipeline.weights import official_faces

WIDTH, HEIGHT = 640, 480
SIDES = 60, 200  # pixels of a face in a canvas
CASCADES = ("frontalface_default", "frontalface_alt", "frontalface_alt2")
MARGINS = (-0.1, -0.05, 0.0, detection.MARGIN, 0.05, 0.1, 0.15, 0.2, 0.3)


def canvas(faces, random):
    """Return a picture (HEIGHT, WIDTH) uint8 with up to four faces (h, w) in it, and the Box of each."""
    coarse = Image.fromarray(random.integers(60, 213, (HEIGHT // 40, WIDTH // 40), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float64)
    picture = Image.fromarray(np.clip(smooth + random.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8))
    boxes = []
    for number, face in enumerate(faces):
        side = int(random.integers(*SIDES))
        x, y = (
            quarter * edge // 2 + int(random.integers(5, edge // 2 - side - 5))
            for quarter, edge in ((number % 2, WIDTH), (number // 2, HEIGHT))
        )
        picture.paste(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC), (x, y))
        boxes.append(Box(x, y, side))
    return np.asarray(picture), boxes


def matched(found, boxes):
    """Return for each of `boxes` the Box of `found` that frames the same face, or None: centres 0.3 of a side apart, sides alike."""
    pairs, left = [], list(found)
    for box in boxes:
        near = [
            one
            for one in left
            if max(abs(one.x + one.side / 2 - box.x - box.side / 2), abs(one.y + one.side / 2 - box.y - box.side / 2)) < 0.3 * box.side
            and 0.4 < one.side / box.side < 1.8
        ]
        pairs.append(near[0] if near else None)
        left = [one for one in left if one is not pairs[-1]]
    return pairs


def detectors():
    """Return {name: function from a picture (h, w) uint8 to boxes}."""
    import cv2

    def cascade(name):
        known = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{name}.xml")
        smallest = (detection.SMALLEST, detection.SMALLEST)
        return lambda gray: [Box(*map(int, box[:3])) for box in known.detectMultiScale(gray, 1.1, 3, minSize=smallest)]

    made = {f"OpenCV, {name}": cascade(name) for name in CASCADES}
    try:
        import dlib
    except ImportError:
        return made
    hog = dlib.get_frontal_face_detector()
    for times in (0, 1):
        made[f"dlib, HOG, enlarged {times} times"] = lambda gray, times=times: [
            Box(box.left(), box.top(), box.width()) for box in hog(gray, times)
        ]
    return made


def framing(find, canvases):
    """Return what a detector finds: faces found, boxes where none is, milliseconds a picture, and the face's side over the box's."""
    found, false, ratios, shifts, seconds = 0, 0, [], [], []
    for gray, boxes in canvases:
        start = time.process_time()
        received = find(gray)
        seconds.append(time.process_time() - start)
        pairs = [(box, one) for box, one in zip(boxes, matched(received, boxes), strict=True) if one]
        found, false = found + len(pairs), false + len(received) - len(pairs)
        ratios += [box.side / one.side for box, one in pairs]
        shifts += [(box.y + box.side / 2 - one.y - one.side / 2) / one.side for box, one in pairs]
    tenths = [np.percentile(values, [10, 50, 90]).round(3).tolist() for values in (ratios, shifts)]
    named = dict(zip(("side", "down"), tenths, strict=True))
    return {"found": found, "false": false, "cpu_milliseconds": round(1000 * statistics.median(seconds), 1)} | named


def canvases_of(faces, seed):
    """Return [(picture, boxes)] with all of the faces (n, h, w), four a canvas."""
    random = np.random.default_rng(seed)
    return [canvas(faces[start : start + 4], random) for start in range(0, len(faces), 4)]


def by_margin(network, faces, labels):
    """Return the score of the faces that predict finds in canvases, as they are and by the margin around the box."""
    detector, hits = detection.Detector(), []
    with Bar("find", len(faces), "faces") as bar:
        for number, (gray, boxes) in enumerate(canvases_of(faces, 1)):
            pairs = enumerate(matched(detector.find(gray), boxes), 4 * number)
            hits += [(face, gray, one) for face, one in pairs if one]
            bar.advance(len(boxes))
    index = np.array([face for face, _, _ in hits])
    cuts = {"as they are": faces[index]}
    for margin in MARGINS:
        cuts[f"{margin:g}"] = np.stack([detection.cut(gray, box, network.side, margin) for _, gray, box in hits])
    scores = {}
    for name, cut in cuts.items():
        right = int((network.probabilities(cut).argmax(axis=1) == labels[index]).sum())
        interval = binomtest(right, len(index)).proportion_ci(method="wilson")
        scores[name] = {"right": right, "accuracy": right / len(index), "interval": [float(interval.low), float(interval.high)]}
    return {"faces": len(faces), "found": len(index), "margins": scores}


def main():
    """Measure, print two tables, and write the figures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=1000, help="of training, for the detectors; twice as many of test; default: 1000")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    params, (network, _) = parameters.load(profile="full"), kept("compact-0")
    parts, random = {}, np.random.default_rng(0)
    for name, usages, count in (("training", (TRAINING_USAGE,), options.faces), ("test", TEST_USAGES, 2 * options.faces)):
        pixels, labels = official_faces(params, network.classes, usages)
        chosen = random.permutation(len(labels))[:count]
        parts[name] = pixels[chosen][..., 0], labels[chosen]
    canvases = canvases_of(parts["training"][0], 0)
    figures = {"machine": fingerprint(), "training_faces": len(parts["training"][1]), "detectors": {}}
    for name, find in detectors().items():
        figures["detectors"][name] = framing(find, canvases)
    figures["by_margin"] = by_margin(network, *parts["test"])
    table = Table("detector", "found", "false", "CPU ms a picture", "face / box (10, 50, 90 %)", "down", title="Training faces in canvases")
    for name, one in figures["detectors"].items():
        table.add_row(name, *(str(one[key]) for key in ("found", "false", "cpu_milliseconds", "side", "down")))
    scores = Table("margin", "right", "accuracy, %", title=f"{figures['by_margin']['found']} test faces that were found")
    for name, one in figures["by_margin"]["margins"].items():
        low, high = one["interval"]
        scores.add_row(name, str(one["right"]), f"{100 * one['accuracy']:.2f} ({100 * low:.2f} to {100 * high:.2f})")
    Console().print(table, scores)
    if options.json:
        write_json(options.json, figures)


if __name__ == "__main__":
    run(main)
