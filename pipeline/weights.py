"""Scores weights that are kept in results/weights, and the ONNX file beside them, on the official test faces of an archive, and compares
with what was recorded.

python -m pipeline.weights --keep compact-0          keeps the weights of a row of beyond, trained and evaluated here
FER2013_ARCHIVE=/path/to/fer2013.zip python -m pipeline.weights compact-0
"""

import argparse
import hashlib
import shutil
import sys
from pathlib import Path

import h5py
import numpy as np
from sklearn.metrics import confusion_matrix

from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json, written
from pipeline.common.workspace import FACES, RAW, RGB, Section
from pipeline.config import params as parameters
from pipeline.config.scoring import Scoring
from pipeline.config.settings import Trained
from pipeline.dataset.arrays import open_npy, to_rgb
from pipeline.dataset.labels import read_labels
from pipeline.dataset.names import TEST_USAGES
from pipeline.faces import archive, reading
from pipeline.faces.location import locate
from pipeline.faces.seen import Seen
from pipeline.inference.conversion import convert, exact, halve_constants, metadata_of, single_view
from pipeline.inference.network import Network
from pipeline.scoring.prediction import predict
from pipeline.training import backend

KEPT, BEYOND = Path("results/weights"), Section("beyond")
MAX_BYTES = 10_000_000  # of a file that git keeps
ROUNDING = 0.001  # share of the faces that may be answered otherwise on another CPU


def official_faces(params, classes, wanted=TEST_USAGES):
    """Return (pixels (n, size, size, 3) uint8, labels (n,) int64) of faces in the archive that FER2013_ARCHIVE or params name.

    classes: the names that the labels are the indices of: the network's, whatever order or synonyms params.yaml has; wanted: the faces'
    usages, those of the test faces if none are given.
    """
    path, _, _ = locate(params)
    names, pixels, labels = params.sources.archive, [], []
    faces = params.faces.model_copy(update={"emotions": list(classes)})
    with archive.entries(path, names.max_unpacked_bytes) as listing:
        for chunk, _, emotions, usages in reading.read(path.name, listing, faces, names, Seen()):
            chosen = np.isin(usages, wanted)
            pixels.append(to_rgb(chunk[chosen]))
            labels += [classes.index(emotion) for emotion, one in zip(emotions, chosen, strict=True) if one]
    if not labels:
        marked = " or ".join(wanted)
        raise InputError(f"{path}: expected faces marked {marked}, received none; take an archive with FER-2013's own split")
    return np.concatenate(pixels), np.array(labels, np.int64)


def sha256_of_faces(pixels, labels):
    """Return 64 hexadecimal digits that stand for labelled faces, in whatever order; pixels: (n, h, w, 3) uint8; labels: (n,) int64."""
    each = sorted(hashlib.sha256(f"{label} ".encode() + face.tobytes()).digest() for face, label in zip(pixels, labels, strict=True))
    return hashlib.sha256(b"".join(each)).hexdigest()


def confusion_of(folder, pixels, labels, batch_size):
    """Return what the network in `folder` answers, computed in float32 on the CPU: faces by label (lines) and answer, (k, k) int64."""
    settings = exact(Trained.read(folder / "network.json").settings)
    backend.start_for(settings)
    tta = Scoring.read(folder / "scoring.json").tta
    probabilities, _ = predict(settings, tta, folder / "model.weights.h5", pixels, np.arange(len(labels)), batch_size)
    return confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(len(settings.emotions)))


def halve(source, path):
    """Write a weights file with its kernels in float16, in half the bytes; Keras makes float32 of them again."""
    with h5py.File(source) as whole, h5py.File(path, "w") as half:

        def copy(name, item):
            if isinstance(item, h5py.Group):
                half.require_group(name)
            else:
                half[name] = item[()].astype(np.float16) if item.ndim > 1 else item[()]
            half[name].attrs.update(item.attrs)

        whole.visititems(copy)


def convert_kept(folder, weights_sha256):
    """Write folder/model.onnx from the weights in a folder, with its kernels in float16 if it is large; return its SHA-256."""
    settings = exact(Trained.read(folder / "network.json").settings)
    backend.start_for(settings)
    path = folder / "model.onnx"
    convert(single_view(settings, folder / "model.weights.h5"), metadata_of(settings, weights_sha256), path)
    if path.stat().st_size > MAX_BYTES:
        halve_constants(path)
    return archive.sha256_of(path)


def onnx_right(folder, pixels, labels, sha256, tta=None):
    """Return how many of the faces (n, size, size, 3) the file model.onnx in `folder` answers rightly; tta: None for one view a face."""
    return int((Network(folder / "model.onnx", sha256).probabilities(pixels[..., 0], tta).argmax(axis=1) == labels).sum())


def keep(row, params):
    """Copy a row's weights to results/weights, with their hash and what they score, and the same for an ONNX file made of them.

    Kernels of a file of more than MAX_BYTES are kept in float16, and scored so.
    """
    source = BEYOND.models / row
    weights = source / "model.weights.h5"
    if not weights.exists():
        raise InputError(f"expected {weights}, found none; run `dvc repro beyond/dvc.yaml:train@{row}`")
    if read_json(RAW / "source.json")["source"] == "synthetic":
        raise InputError("expected a row trained on real faces, received one on synthetic faces; results/ is for photographs alone")
    size = weights.stat().st_size
    if size > 2 * MAX_BYTES:
        raise InputError(f"{weights}: expected at most {2 * MAX_BYTES} bytes, of which git keeps half, received {size}")
    table = read_labels(RGB / "labels.csv")
    index = np.flatnonzero(table.usage.isin(TEST_USAGES))
    classes = Trained.read(source / "network.json").settings.emotions
    labels = np.array([classes.index(emotion) for emotion in table.emotion.iloc[index]], np.int64)
    pixels = open_npy(FACES)[index]
    with written(KEPT / row) as folder:
        folder.mkdir()
        kept = folder / weights.name
        (halve if size > MAX_BYTES else shutil.copyfile)(weights, kept)
        shutil.copyfile(source / "network.json", folder / "network.json")
        shutil.copyfile(BEYOND.settings / "scoring" / f"{row}.json", folder / "scoring.json")
        confusion = confusion_of(folder, pixels, labels, params.evaluation.batch_size)
        right = int(confusion.trace())
        about = {"sha256": archive.sha256_of(kept), "test_faces": len(labels), "right": right, "accuracy": right / len(labels)}
        by_label = zip(classes, confusion.tolist(), strict=True)
        about["confusion"] = {label: dict(zip(classes, answers, strict=True)) for label, answers in by_label}
        about["faces_sha256"] = sha256_of_faces(pixels, labels)
        sha256 = convert_kept(folder, about["sha256"])
        one, all_views = (onnx_right(folder, pixels, labels, sha256, tta) for tta in (None, Scoring.read(folder / "scoring.json").tta))
        about["onnx"] = {"sha256": sha256, "right": one, "accuracy": one / len(labels), "right_with_test_time_augmentation": all_views}
        write_json(folder / "score.json", about)
    print(f"{KEPT / row}: {right} of {len(labels)} right, {100 * right / len(labels):.2f} %")


def check(row, params):
    """Score the kept weights; return the exit status: 0 where it is what was recorded, or nearly (another CPU's rounding), 1 else.

    Faces with other pixels are scored, and not compared: the same 7,178 faces exist in several forms.
    """
    folder = KEPT / row
    recorded = read_json(folder / "score.json")
    received = archive.sha256_of(folder / "model.weights.h5")
    if received != recorded["sha256"]:
        file = folder / "model.weights.h5"
        raise InputError(f"{file}: expected sha256 {recorded['sha256']}, received {received}: damaged; run `git checkout {file}`")
    classes = Trained.read(folder / "network.json").settings.emotions
    pixels, labels = official_faces(params, classes)
    if len(labels) != recorded["test_faces"]:
        raise InputError(f"expected the {recorded['test_faces']} official test faces of FER-2013, received {len(labels)}")
    same_faces, onnx = sha256_of_faces(pixels, labels) == recorded["faces_sha256"], recorded["onnx"]
    right = onnx_right(folder, pixels, labels, onnx["sha256"])  # first: it takes a tenth of the time
    equal = compared(f"{row}, ONNX, one view a face", right, onnx["right"], len(labels), same_faces)
    confusion = confusion_of(folder, pixels, labels, params.evaluation.batch_size)
    equal &= compared(row, int(confusion.trace()), recorded["right"], len(labels), same_faces)
    recall = zip(classes, confusion.diagonal(), confusion.sum(axis=1), strict=True)
    print("right of each emotion's faces: " + ", ".join(f"{name} {right} of {count}" for name, right, count in recall))
    return int(not equal)


def compared(name, right, recorded, count, same_faces):
    """Print how many of `count` faces were answered rightly, beside the recorded number; return whether they agree to rounding."""
    said = f"{name}: {right} of {count} test faces right, {100 * right / count:.2f} %"
    if not same_faces:
        print(
            f"{said}; not compared with the recorded {recorded}: the pixels are others than those that were scored then, which are "
            "Kaggle's JPEG files (the challenge's fer2013.csv, for one, differs from them in every face)"
        )
        return False
    off, said = abs(right - recorded), f"{said}; recorded: {recorded}"
    if off:
        said += f"; {off} faces off" + (", as the rounding of another CPU can be" if off <= ROUNDING * count else "")
    print(said if off else f"{said}: equal")
    return off <= ROUNDING * count


def main():
    """Score the weights of a row, or keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", help="a folder of results/weights, or with --keep a row of beyond")
    parser.add_argument("--keep", action="store_true", help="keep the row's weights")
    options = parser.parse_args()
    if options.keep:
        keep(options.row, parameters.load())
        return
    if not (KEPT / options.row).is_dir():
        there = ", ".join(sorted(path.name for path in KEPT.glob("[a-z]*"))) or "none"
        raise InputError(f"expected a folder of {KEPT} ({there}), received {options.row!r}")
    # Whatever the profile in force is: the faces are the archive's.
    sys.exit(check(options.row, parameters.load(profile="full")))


if __name__ == "__main__":
    run(main)
