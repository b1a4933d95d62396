"""Stage ensemble@name: the probabilities of some rows averaged, all weights equal, to beyond/reports/ensembles/<name>."""

import argparse

import numpy as np

from pipeline.common.errors import InputError, run
from pipeline.common.files import written
from pipeline.common.workspace import Section
from pipeline.config import params as parameters
from pipeline.scoring.outputs import ABOUT, read_predictions, read_rows, score, write_row

BEYOND = Section("beyond")


def average(tables, emotions):
    """Return the predictions with the mean probabilities of `tables`, {row: table of read_predictions}; raise InputError.

    Nothing is fitted: weights chosen by test scores would make the score worthless.
    """
    (first, table), *others = tables.items()
    for name, other in others:
        if not other.face.equals(table.face):
            received = f"received {first} and {name}; see ensembles: in beyond/params.yaml"
            raise InputError(f"expected rows with the same test faces, {received}")
    mean = np.mean([t[emotions].to_numpy() for t in tables.values()], axis=0, dtype=np.float64).astype(np.float32)
    duplicate = np.logical_or.reduce([t.duplicate for t in tables.values()])  # a face that any member may have learned by heart
    return table[list(ABOUT)].assign(duplicate=duplicate, **dict(zip(emotions, mean.T, strict=True)))


def main():
    """Read the rows' predictions; write the ensemble's files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="a key of ensembles: in beyond/params.yaml")
    name = parser.parse_args().name
    params = parameters.load()
    if name not in params.ensembles:
        raise InputError(f"--name: expected one of {', '.join(params.ensembles)}, received {name!r}")
    names, emotions = params.ensembles[name], params.faces.emotions
    rows = read_rows(BEYOND.rows, names, BEYOND.settings)
    tables = {row: read_predictions(BEYOND.rows, row, emotions) for row in names}
    predictions = average(tables, emotions)
    labels = predictions.emotion.map({emotion: index for index, emotion in enumerate(emotions)}).to_numpy()
    parts = predictions.duplicate.to_numpy(bool), predictions.usage.to_numpy(str)
    scores = score(labels, predictions[emotions].to_numpy(), *parts, params.evaluation, params.seed)
    about = {"members": names, "parameters": sum(row["parameters"] for row in rows.values()), "confidence": params.evaluation.confidence}
    about["faces"] = {"test": len(predictions)}
    with written(BEYOND.reports / "ensembles" / name) as folder:
        folder.mkdir()
        write_row(folder, predictions, emotions, about, scores)


if __name__ == "__main__":
    run(main)
