"""The paper's numbers, and what of a row is not as they were made."""

from pathlib import Path

import yaml

from pipeline.config.scoring import TestTimeAugmentation
from pipeline.config.settings import Recipe

PAPER = Path(__file__).with_name("paper.yaml")


def read_paper():
    """Return paper.yaml."""
    return yaml.safe_load(PAPER.read_text(encoding="utf-8"))


def read_structure():
    """Return structure.yaml: {"layers": lists of stages, "edges": pairs of stages}."""
    return yaml.safe_load(PAPER.with_name("structure.yaml").read_text(encoding="utf-8"))


def unlike_paper(row, printed, data, source, official_faces):
    """Return what of a row is not as the paper's line says: a list of names, empty where everything is.

    row: a row's metrics; printed: its line in paper.yaml; data: the split that the table states, or the one that its numbers fit;
    source: data/raw/source.json; official_faces: [train, test] of the official split, None where another was made. The
    iterations that the paper prints say how many faces it trained on: for Table 3 all 3,829, so that no 80/20 split of them
    is the paper's.
    """
    settings, faces = row["settings"], row["faces"]
    official = {
        "unbalanced": [faces["train"], faces["test"]] == official_faces,
        "balanced_leaky": bool(official_faces) and faces["test"] == official_faces[1],
    }.get(data, True)
    checks = {
        "source": source["source"] != "synthetic" and source["expected_counts_met"],
        "split": settings["data"] == data and official and iterations(row) == printed["iterations"],
        "network": settings["model"].lower() == printed["model"].lower(),  # printed "GoogleNet"
        "pretrained": settings["pretrained"] == "imagenet",
        "epochs": settings["epochs"] == printed["epochs"],
        "optimizer": (settings["optimizer"]["name"], settings["optimizer"]["learning_rate"])
        == (printed["optimizer"], printed["learning_rate"]),
        "batch size": settings["batch_size"] == printed["batch_size"],
        "image size": settings["image_size"] == printed["image_size"],
        "recipe": settings["recipe"] == Recipe().model_dump() and row["tta"] == TestTimeAugmentation().model_dump(),
    }
    return [name for name, same in checks.items() if not same]


def iterations(row):
    """Return the optimizer steps in one epoch of a row."""
    return -(-row["faces"]["train"] // row["settings"]["batch_size"])
