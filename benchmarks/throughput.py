"""Training speed of the pipeline beside that of the program a user would write: same network, size, batch and optimizer.

python -m benchmarks.throughput [--networks ResNet50 ...] [--repeats 3] [--seconds 10] [--as-avx2] [--json FILE]

The baseline is keras.applications, keras.utils.image_dataset_from_directory on JPEG files, compile, fit and predict, all with
their defaults. Each measurement is a process of its own; baseline and pipeline take turns; figures are medians of the
repeats. Seconds to the first finished step count from the start of the process, imports included.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from pipeline.common.files import write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.config.params import load
from pipeline.dataset.arrays import to_rgb
from pipeline.faces import synthetic

FACES = 640  # JPEG files of the baseline
SIZES = {"InceptionResNetV2": 75, "InceptionV3": 75}  # pixels; the others 48, as in the paper
# On a CPU without AVX-512, oneDNN is off by default in TensorFlow; its kernels can be kept to AVX2 on any newer CPU.
AVX2 = {"both": {"ONEDNN_MAX_CPU_ISA": "AVX2"}, "baseline": {"TF_ENABLE_ONEDNN_OPTS": "0"}}
FIGURES = {
    "first_step_seconds": "first step, s",
    "train_per_second": "train, images/s",
    "infer_per_second": "infer, images/s",
    "peak_bytes": "peak memory",
}


def make_faces(folder):
    """Write FACES synthetic faces as JPEG files, one folder an emotion, and as faces.npy and labels.npy."""
    params = load()
    arrays, labels = [], []
    for pixels, names, emotions, _ in synthetic.generate(FACES, params.sources.synthetic.class_counts, 0, 48):
        arrays.append(to_rgb(pixels))
        for face, name, emotion in zip(pixels, names, emotions, strict=True):
            place = folder / "jpeg" / emotion
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(face).save(place / f"{Path(name).stem}.jpg", quality=95)
            labels.append(params.faces.emotions.index(emotion))
    np.save(folder / "faces.npy", np.concatenate(arrays))
    np.save(folder / "labels.npy", np.array(labels, np.int64))


def measure(kind, network, options, folder):
    """Run one measurement in a process of its own and return its figures."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    if options.as_avx2:
        environment |= AVX2["both"] | AVX2.get(kind, {})
    given = {"folder": str(folder), "network": network, "size": SIZES.get(network, 48), "batch_size": options.batch_size}
    given |= {"optimizer": options.optimizer, "seconds": options.seconds, "started": time.time()}
    command = [sys.executable, "-m", "benchmarks.one_measurement", kind, json.dumps(given)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{kind} {network} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def median(runs):
    """Return {figure: median over runs}."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def compare(baseline, ours, matrix_rate):
    """Return the ratios of a network; above 1 is better for images/s, below 1 for seconds and bytes."""
    ratios = {name: ours[name] / baseline[name] for name in FIGURES}
    for label, figures in (("baseline", baseline), ("ours", ours)):
        # A training step is three forward passes' worth of arithmetic: forward, and the gradients by inputs and by weights.
        done = 3 * 2 * ours["multiply_adds"] * figures["train_per_second"]
        ratios[f"share_of_matrix_rate_{label}"] = done / matrix_rate
    return ratios


def show(results):
    """Print the table of the results."""
    table = Table(title=f"Baseline -> pipeline, batch {results['batch_size']}, {results['optimizer']}, medians of {results['repeats']}")
    for column in ("network", *FIGURES.values(), "share of matrix rate"):
        table.add_column(column)
    for network, row in results["networks"].items():
        base, ours, ratios = row["baseline"], row["ours"], row["ratios"]
        cells = [f"{base[f]:.1f} -> {ours[f]:.1f} ({ratios[f]:.2f})" for f in list(FIGURES)[:3]]
        cells.append(f"{base['peak_bytes'] / 2**30:.2f} -> {ours['peak_bytes'] / 2**30:.2f} GiB")
        cells.append(f"{ratios['share_of_matrix_rate_baseline']:.0%} -> {ratios['share_of_matrix_rate_ours']:.0%}")
        table.add_row(network, *cells)
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table)
    console.print(
        f"geometric means of the ratios: {', '.join(f'{name} {value:.2f}' for name, value in results['geometric_means'].items())}"
    )
    console.print(f"matrix product: {results['matrix_rate'] / 1e9:.0f} GFLOP/s (float32, 2048 x 2048)")
    memory = results["all_faces"]
    console.print(
        f"{memory['faces']} faces at {memory['size']} px ({memory['network']}): peak {memory['peak_bytes'] / 2**30:.2f} GiB, of which "
        f"{memory['own_bytes'] / 2**30:.2f} GiB are not the mapped file; one pass over the faces alone: {memory['pass_seconds']:.2f} s"
    )


def main():
    """Measure, print, and write the JSON file if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    networks = sorted({row.model for row in load().rows.values()})
    parser.add_argument("--networks", nargs="+", choices=networks, default=networks)
    parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="of training after the first step, in each measurement")
    parser.add_argument("--as-avx2", action="store_true", help="as on a CPU without AVX-512")
    parser.add_argument("--json", type=Path, help="file for the results")
    options = parser.parse_args()
    results = {"hardware": fingerprint(), "as_avx2": options.as_avx2, "batch_size": options.batch_size, "optimizer": options.optimizer}
    results |= {"repeats": options.repeats, "seconds": options.seconds, "networks": {}}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_faces(folder)
        results["matrix_rate"] = measure("matrix", networks[0], options, folder)["flops"]
        for network in options.networks:
            runs = {"baseline": [], "ours": []}
            for _ in range(options.repeats):
                for kind, done in runs.items():
                    done.append(measure(kind, network, options, folder))
            baseline, ours = median(runs["baseline"]), median(runs["ours"])
            results["networks"][network] = {"baseline": baseline, "ours": ours, "ratios": compare(baseline, ours, results["matrix_rate"])}
            print(f"{network}: {baseline['train_per_second']:.1f} -> {ours['train_per_second']:.1f} images/s", file=sys.stderr, flush=True)
        results["all_faces"] = measure("all_faces", "InceptionV3", options, folder)
    ratios = [row["ratios"] for row in results["networks"].values()]
    results["geometric_means"] = {name: statistics.geometric_mean(r[name] for r in ratios) for name in FIGURES}
    results["geometric_mean_ratio"] = results["geometric_means"]["train_per_second"]
    show(results)
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    main()
