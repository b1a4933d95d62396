"""Reads what evaluate wrote of each row, and the paper's numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from pipeline.errors import InputError
from pipeline.files import read_json
from pipeline.results.metrics import FORMAT
from pipeline.training.recipe import Recipe
from pipeline.workspace import stage_of

SUM_ERROR = 1e-3
ABOUT = ("face", "emotion", "twin", "usage")  # the columns before the probabilities
PAPER = Path(__file__).with_name("paper.yaml")


def read_paper():
    """Return paper.yaml."""
    return yaml.safe_load(PAPER.read_text(encoding="utf-8"))


def read_structure():
    """Return structure.yaml: {"layers": lists of stages, "edges": pairs of stages}."""
    return yaml.safe_load(PAPER.with_name("structure.yaml").read_text(encoding="utf-8"))


def read_rows(folder, names):
    """Return {row: metrics of evaluate} for those of `names` that were run, in their order; raise InputError for a broken one."""
    rows = {}
    for name in names:
        path = Path(folder) / name / "metrics.json"
        if path.exists():
            rows[name] = read_json(path)
            received = rows[name].get("format")
            if received != FORMAT:
                raise InputError(f"{path}: expected format {FORMAT}, received {received}, from another version; {_again(path, name)}")
            missing = {"settings", "faces", "early_loss", "accuracy", "chance", "macro", "interval", "parts"} - set(rows[name])
            if missing:
                raise InputError(f"{path}: expected {', '.join(sorted(missing))}, received none; {_again(path, name)}")
    return rows


def read_predictions(folder, row, emotions):
    """Return evaluate's predictions of a row: face, emotion, twin, usage and a probability for each of `emotions`; or raise InputError."""
    path = Path(folder) / row / "predictions.parquet"
    try:
        table = pd.read_parquet(path)
    except FileNotFoundError:
        raise InputError(f"expected the file {path}, found none; {_again(path, row)}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a Parquet table, received: {error}; {_again(path, row)}") from None
    expected = [*ABOUT, *emotions]
    if list(table.columns) != expected:
        raise InputError(f"{path}: expected columns {', '.join(expected)}, received {', '.join(table.columns)}")
    sums = table[emotions].to_numpy(np.float64).sum(axis=1)
    wrong = np.flatnonzero(~(np.abs(sums - 1) < SUM_ERROR))
    if len(wrong):
        first = wrong[0]
        raise InputError(
            f"{path}: expected probabilities that sum to 1, received {sums[first]:.4f} for face {table.face[first]} (line {first}); "
            f"run `dvc repro --force {stage_of(path, f'evaluate@{row}')}`"
        )
    return table


def _again(path, row):
    return f"run `dvc repro {stage_of(path, f'evaluate@{row}')}`"


def answers(prediction, emotions):
    """Return (answers (n,) str, right (n,) bool, confidences (n,) float) of a table of predictions."""
    probabilities = prediction[emotions].to_numpy()
    answer = np.array(emotions)[probabilities.argmax(axis=1)]
    return answer, answer == prediction.emotion.to_numpy(), probabilities.max(axis=1)


def unlike_paper(row, printed, data, source, official_faces):
    """Return what of a row is not as the paper's line says: a list of names, empty where everything is.

    row: a row's metrics; printed: its line in paper.yaml; data: its table's data there; source: data/raw/source.json;
    official_faces: [train, test] of the official split, None where another was made. The iterations that the paper
    prints say how many faces it trained on: for Table 3 all 3,829, so that no 80/20 split of them is the paper's.
    """
    settings, faces = row["settings"], row["faces"]
    official = data != "unbalanced" or [faces["train"], faces["test"]] == official_faces
    checks = {
        "source": source["source"] != "synthetic" and source["expected_counts_met"],
        "split": settings["data"] == data and official and iterations(row) == printed["iterations"],
        "network": settings["model"].lower() == printed["model"].lower(),  # printed "GoogleNet"
        "weights": settings["weights"] == "imagenet",
        "epochs": settings["epochs"] == printed["epochs"],
        "optimizer": (settings["optimizer"]["name"], settings["optimizer"]["learning_rate"])
        == (printed["optimizer"], printed["learning_rate"]),
        "batch size": settings["batch_size"] == printed["batch_size"],
        "image size": settings["image_size"] == printed["image_size"],
        "recipe": settings["recipe"] == Recipe().model_dump(),
    }
    return [name for name, same in checks.items() if not same]


def iterations(row):
    """Return the optimizer steps in one epoch of a row."""
    return -(-row["faces"]["train"] // row["settings"]["batch_size"])
