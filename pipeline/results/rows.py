"""Reads what evaluate wrote of each row, and the paper's numbers."""

from pathlib import Path

import yaml

from pipeline.errors import InputError
from pipeline.files import read_json

PAPER = Path(__file__).with_name("paper.yaml")


def read_paper():
    """Return paper.yaml."""
    return yaml.safe_load(PAPER.read_text(encoding="utf-8"))


def read_rows(folder, names):
    """Return {row: metrics of evaluate} for those of `names` that were run, in their order; raise InputError for a broken one."""
    rows = {}
    for name in names:
        path = Path(folder) / name / "metrics.json"
        if path.exists():
            rows[name] = read_json(path)
            missing = {"settings", "faces", "accuracy", "chance", "macro", "interval"} - set(rows[name])
            if missing:
                raise InputError(f"{path}: expected {', '.join(sorted(missing))}, received none; run `dvc repro evaluate@{name}`")
    return rows


def unlike_paper(row, printed, source, paper_faces):
    """Return what of a row is not as the paper's line says: some of source, split, weights, epochs, optimizer, batch and image size.

    row: a row's metrics; printed: its line in paper.yaml; source: data/raw/source.json; paper_faces: paper.yaml's faces.
    """
    settings, faces = row["settings"], row["faces"]
    checks = {
        "source": source["source"] != "synthetic" and source["expected_counts_met"],
        "split": [faces["train"], faces["test"]] == paper_faces.get(settings["data"]),
        "weights": settings["weights"] == "imagenet",
        "epochs": settings["epochs"] == printed["epochs"],
        "optimizer": (settings["optimizer"]["name"], settings["optimizer"]["learning_rate"])
        == (printed["optimizer"], printed["learning_rate"]),
        "batch size": settings["batch_size"] == printed["batch_size"],
        "image size": settings["image_size"] == printed["image_size"],
    }
    return [name for name, same in checks.items() if not same]
