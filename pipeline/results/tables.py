"""The paper's Tables 2, 3 and 4 in its columns, ours beside its numbers."""

import pandas as pd

from pipeline.results.rows import unlike_paper

OPTIMIZERS = {"adam": "Adam", "sgd": "SGD"}
SOURCES = {"synthetic": "synthetic (drawn)", "archive": "archive", "kaggle": "Kaggle", "huggingface": "Hugging Face"}
NOT_RUN = "not run"


def table(lines, rows, source, paper_faces):
    """Return one table as strings, a line of the paper each: the paper's columns with our scores, then what they are worth.

    lines: a table's rows in paper.yaml; rows: {row: metrics}; source: data/raw/source.json; paper_faces: paper.yaml's
    faces. Percentages; precision, recall and F1 are macro averages. A difference stands only where everything is the
    paper's, else the cell says what is not.
    """
    return pd.DataFrame([line_of(printed, rows.get(printed["row"]), source, paper_faces) for printed in lines])


def other_rows(rows, listed, source):
    """Return the table of the rows that no table of the paper holds, or None."""
    rest = [{"row": name, "model": row["settings"]["model"]} for name, row in rows.items() if name not in listed]
    columns = ["Paper's accuracy", "Difference"]
    return pd.DataFrame([line_of(line, rows[line["row"]], source, None).drop(columns) for line in rest]) if rest else None


def line_of(printed, row, source, paper_faces):
    """Return one line of a table; a line of other authors (row null) repeats the printed scores."""
    cells = {"Models": printed["model"]}
    if printed["row"] is None:
        scores = {name: f"{printed[key]:g}" for name, key in SCORE_KEYS.items()}
        return pd.Series(cells | dict.fromkeys(SETTING_NAMES, "") | scores | dict.fromkeys(WORTH_NAMES, "") | {"Faces": "as published"})
    accuracy = printed.get("accuracy")
    if row is None:
        names = [*SETTING_NAMES, *SCORE_KEYS, *WORTH_NAMES]
        return pd.Series(cells | dict.fromkeys(names, NOT_RUN) | {"Paper's accuracy": f"{accuracy:.2f}"})
    settings, low_high = row["settings"], row["interval"]["accuracy"]
    size = settings["image_size"]
    cells |= {
        "Epochs": str(settings["epochs"]),
        "Optimizer": OPTIMIZERS[settings["optimizer"]["name"]],
        "Learning rate": f"{settings['optimizer']['learning_rate']:g}",
        "Batch Size": str(settings["batch_size"]),
        "Number of Iterations": str(-(-row["faces"]["train"] // settings["batch_size"])),
        "image size": f"{size}*{size}*3",
        "Accuracy": percent(row["accuracy"]),
        **{name: percent(row["macro"][key]) for name, key in SCORE_KEYS.items() if key != "accuracy"},
        f"{100 * row['confidence']:g} % interval": f"{percent(low_high[0])} to {percent(low_high[1])}",
        "n": str(row["faces"]["test"]),
        "Chance": percent(row["chance"]),
        "Without twins": "" if row["without_twins"]["accuracy"] is None else percent(row["without_twins"]["accuracy"]),
    }
    if paper_faces is None:
        cells |= {"Paper's accuracy": "", "Difference": ""}
    else:
        unlike = unlike_paper(row, printed, source, paper_faces)
        difference = f"{100 * row['accuracy'] - accuracy:+.2f}" if not unlike else f"not as the paper: {', '.join(unlike)}"
        cells |= {"Paper's accuracy": f"{accuracy:.2f}", "Difference": difference}
    return pd.Series(cells | {"Faces": SOURCES[source["source"]]})


SETTING_NAMES = ("Epochs", "Optimizer", "Learning rate", "Batch Size", "Number of Iterations", "image size")
SCORE_KEYS = {"Accuracy": "accuracy", "Precision": "precision", "Recall": "recall", "F1-score": "f1"}
WORTH_NAMES = ("95 % interval", "n", "Chance", "Without twins", "Paper's accuracy", "Difference", "Faces")


def percent(share):
    """Return a share of 1 as a percentage with two digits."""
    return f"{100 * share:.2f}"


def summary(row):
    """Return the few numbers of a row for reports/metrics.json: shares of 1, and the number of test faces."""
    low, high = row["interval"]["accuracy"]
    return {
        "accuracy": row["accuracy"],
        "accuracy_low": low,
        "accuracy_high": high,
        "chance": row["chance"],
        **row["macro"],
        "test_faces": row["faces"]["test"],
    }
