"""Stage export@row of beyond/dvc.yaml: a scored row as an ONNX file, scored again through onnxruntime, to beyond/exports/<row>."""

import argparse
import hashlib
import statistics
import time

import numpy as np

from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json, written
from pipeline.common.workspace import FACES, SPLIT_FILES, Section
from pipeline.config.scoring import Scoring
from pipeline.config.settings import Trained
from pipeline.dataset.arrays import open_npy
from pipeline.dataset.names import TEST
from pipeline.dataset.split_file import part, read_split
from pipeline.inference.conversion import convert, exact, metadata_of, single_view
from pipeline.inference.network import BATCH, Network
from pipeline.scoring.metrics import bootstrap
from pipeline.training import backend

BEYOND = Section("beyond")
TOLERANCE = 1e-4  # of a probability, between Keras and the file, both in float32
REPEATS = 20  # of each timing


def export_row(row):
    """Read a row's model, the faces and the split; write model.onnx and metrics.json.

    Raises InputError where the file answers otherwise than Keras.
    """
    model = BEYOND.models / row
    trained, weights = Trained.read(model / "network.json"), model / "model.weights.h5"
    evaluation = Scoring.read(BEYOND.settings / "scoring" / f"{row}.json").evaluation
    scored = read_json(BEYOND.rows / row / "metrics.json")
    settings = exact(trained.settings)
    index, labels = part(read_split(SPLIT_FILES / f"{settings.data}.csv", settings.emotions, settings.fold), TEST)
    faces = open_npy(FACES)[index][..., 0]
    with open(weights, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    backend.start_for(settings)
    keras_model = single_view(settings, weights)
    with written(BEYOND.root / "exports" / row) as folder:
        folder.mkdir()
        path = folder / "model.onnx"
        convert(keras_model, metadata_of(settings, sha256), path)
        network = Network(path)
        probabilities = network.probabilities(faces)
        difference = float(np.abs(probabilities - keras_model.predict(faces, batch_size=evaluation.batch_size, verbose=0)).max())
        if not difference <= TOLERANCE:
            raise InputError(f"{path}: expected Keras' probabilities to {TOLERANCE}, received one that is {difference:.2g} off")
        about = {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "weights_sha256": sha256,
            "bytes": path.stat().st_size,
            "faces": {"test": len(labels)},
            "accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
            "interval": bootstrap(labels, probabilities, evaluation.bootstrap, evaluation.confidence, settings.seed)["accuracy"],
            "confidence": evaluation.confidence,
            "largest_difference": difference,
            "as_evaluated": {name: scored[name] for name in ("accuracy", "tta")},  # the row's own score, by its variants of a face
        }
        write_json(folder / "metrics.json", about)
    one, many = (milliseconds(network, faces, count) for count in (1, BATCH))
    print(
        f"export: {row}: {100 * about['accuracy']:.2f} % of {len(labels)} test faces, one view a face; largest difference of a probability "
        f"{difference:.1e}; {about['bytes']:,} bytes; {one} ms for a face, {many} for {BATCH}"
    )


def milliseconds(network, faces, count):
    """Return the median time of answering `count` faces at once, in milliseconds."""
    batch = np.resize(faces, (count, *faces.shape[1:]))
    network.probabilities(batch)  # the first takes longer
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        network.probabilities(batch)
        seconds.append(time.perf_counter() - start)
    return round(1000 * statistics.median(seconds), 2)


def main():
    """Export the row that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", required=True, help="its name in beyond/params.yaml")
    export_row(parser.parse_args().row)


if __name__ == "__main__":
    run(main)
    backend.leave()
