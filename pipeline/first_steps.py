"""The losses of a row's first training steps, of which nothing is kept: what makes two machines' trainings comparable to the digit.

python -m pipeline.first_steps --row table3-GoogLeNet [--flips 4] [--section beyond]

Prints a JSON list a training: that of the row as it is, and those that start with other last bits in the first layer's kernel.
"""

import argparse
import json

import numpy as np

from pipeline.common.errors import run
from pipeline.common.workspace import add_section
from pipeline.config.settings import Settings
from pipeline.training import backend
from pipeline.training.trainer import TrainingData


class Enough(Exception):
    """Raised when the losses are there."""


def first_losses(settings, data, flip=None):
    """Return the losses of the first steps of a training, a list of floats; Keras must have been started for `settings`.

    data: TrainingData; flip: a seed by which half of the first kernel's weights change in their last bit, None for none.
    """
    from pipeline.networks.shared.classifier import build
    from pipeline.training.fit import FIRST_STEPS, fit

    model, losses = build(settings), []
    if flip is not None:
        kernel = next(variable for variable in model.trainable_variables if variable.name.endswith("kernel"))
        kernel.assign(flipped(backend.value_of(kernel), flip))

    def note(_, loss):
        losses.append(loss)
        if len(losses) == FIRST_STEPS:
            raise Enough

    try:
        fit(model, data.pixels, data.training, data.validation, settings, note, lambda *_: None)
    except Enough:
        pass
    return losses


def flipped(weights, seed):
    """Return float32 weights of which half, drawn by `seed`, have another last bit."""
    chosen = np.random.default_rng(seed).integers(0, 2, weights.shape, np.uint32)
    return (np.ascontiguousarray(weights, np.float32).view(np.uint32) ^ chosen).view(np.float32)


def main():
    """Print the losses of the row that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", required=True, help="its name in params.yaml, or in beyond/params.yaml")
    parser.add_argument("--flips", type=int, default=0, help="how many trainings start with other last bits")
    add_section(parser)
    options = parser.parse_args()
    options.section.check_row(options.row)
    settings = Settings.read(options.section.settings / f"{options.row}.json")
    data = TrainingData.read(settings)
    found = []
    for flip in (None, *range(options.flips)):
        backend.start_for(settings)
        found.append(first_losses(settings, data, flip))
    print(json.dumps(found))


if __name__ == "__main__":
    run(main, backend.leave)
    backend.leave()
