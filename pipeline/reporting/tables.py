"""The paper's Tables 2, 3 and 4 in its columns, ours beside its numbers."""

import numpy as np
import pandas as pd

from pipeline.reporting.paper import iterations, unlike_paper

OPTIMIZERS = {"adam": "Adam", "sgd": "SGD"}
SOURCES = {"synthetic": "synthetic", "archive": "archive", "kaggle": "Kaggle", "huggingface": "Hugging Face"}
SETTING_NAMES = ("Epochs", "Optimizer", "Learning rate", "Batch Size", "Number of Iterations", "image size")
SCORE_KEYS = {"Accuracy": "accuracy", "Precision": "precision", "Recall": "recall", "F1-score": "f1"}
WORTH_NAMES = ("Interval", "n", "Chance", "Without duplicates")
PAPER_NAMES = ("Paper's accuracy", "Difference")
NOT_RUN, UNLIKE, NOT_COMPARED = "not run", "not as the paper", "not compared"


def table(printed, rows, source, official_faces):
    """Return one table as strings, a line of the paper each: the paper's columns with our scores, then what they are worth.

    printed: a table of paper.yaml; rows: {row: metrics}; source: data/raw/source.json; official_faces: [train, test] of
    the official split, None where another was made. Percentages; precision, recall and F1 are macro averages. A
    difference stands only where everything is the paper's, else the cell says what is not.
    """
    lines = []
    for line in printed["rows"]:
        if line["row"] is None:
            lines.append(published(line))
        elif line["row"] not in rows:
            lines.append(not_run(line))
        else:
            row = rows[line["row"]]
            unlike = unlike_paper(row, line, printed["data"], source, official_faces)
            difference = f"{100 * row['accuracy'] - line['accuracy']:+.2f}" if not unlike else f"{UNLIKE}: {', '.join(unlike)}"
            paper = dict(zip(PAPER_NAMES, (f"{line['accuracy']:.2f}", difference), strict=True))
            lines.append(measured(row, line["model"]) | paper | {"Faces": SOURCES[source["source"]]})
    return pd.DataFrame(lines)


def other_rows(rows, listed, source):
    """Return the table of the rows that no table of the paper holds, or None."""
    rest = [{"Row": name} | measured(row, row["settings"]["model"]) for name, row in rows.items() if name not in listed]
    return pd.DataFrame(rest).assign(Faces=SOURCES[source["source"]]) if rest else None


def measured(row, model):
    """Return the cells of a row that was run, under the network's name as the table prints it."""
    settings, (low, high) = row["settings"], row["interval"]["accuracy"]
    size, without = settings["image_size"], row["parts"]["without_duplicates"]["accuracy"]
    values = (
        settings["epochs"],
        OPTIMIZERS[settings["optimizer"]["name"]],
        f"{settings['optimizer']['learning_rate']:g}",
        settings["batch_size"],
        iterations(row),
        f"{size}*{size}*3",
    )
    scores = {name: percent(({"accuracy": row["accuracy"]} | row["macro"])[key]) for name, key in SCORE_KEYS.items()}
    interval = f"{percent(low)} to {percent(high)} ({100 * row['confidence']:g} %)"
    worth = (interval, str(row["faces"]["test"]), percent(row["chance"]), "" if without is None else percent(without))
    return {
        "Models": model,
        **dict(zip(SETTING_NAMES, map(str, values), strict=True)),
        **scores,
        **dict(zip(WORTH_NAMES, worth, strict=True)),
    }


def published(line):
    """Return the cells of other authors' scores, as the paper prints them."""
    empty = dict.fromkeys((*SETTING_NAMES, *SCORE_KEYS, *WORTH_NAMES, *PAPER_NAMES), "")
    return {"Models": line["model"]} | empty | {name: f"{line[key]:g}" for name, key in SCORE_KEYS.items()} | {"Faces": "as published"}


def not_run(line):
    """Return the cells of a row that was not run: gaps, and the paper's number."""
    gaps = dict.fromkeys((*SETTING_NAMES, *SCORE_KEYS, *WORTH_NAMES, *PAPER_NAMES), NOT_RUN)
    return {"Models": line["model"]} | gaps | {"Paper's accuracy": f"{line['accuracy']:.2f}", "Faces": NOT_RUN}


def percent(share):
    """Return a share of 1 as a percentage with two digits."""
    return f"{100 * share:.2f}"


def headline(rows):
    """Return the few numbers that stand first in reports/metrics.json: counts of rows, and the best accuracy on each split, a share of 1.

    Above chance: the whole interval lies above the share of the commonest emotion.
    """

    def best(split):
        return max((row["accuracy"] for row in rows.values() if row["settings"]["data"] == split), default=None)

    above = sum(row["interval"]["accuracy"][0] > row["chance"] for row in rows.values())
    return {"rows": len(rows), "rows_above_chance": above, "best_unbalanced": best("unbalanced"), "best_balanced": best("balanced")}


def summary(row):
    """Return the few numbers of a row for reports/metrics.json: shares of 1, test faces, mean training loss of the first steps."""
    low, high = row["interval"]["accuracy"]
    return {
        "accuracy": row["accuracy"],
        "accuracy_low": low,
        "accuracy_high": high,
        "chance": row["chance"],
        **row["macro"],
        "test_faces": row["faces"]["test"],
        "early_loss": float(np.mean(row["first_losses"])),
    }
