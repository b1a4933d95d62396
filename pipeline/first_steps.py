"""A row's first training steps, of which nothing is kept: what makes two machines' trainings comparable.

python -m pipeline.first_steps --row table3-GoogLeNet [--flips 2] [--section beyond]

Prints a JSON list of {"first_losses", "first_updates"}: of the row as it is, then of trainings that start with other last bits.
"""

import argparse
import json

import numpy as np

from pipeline.common.errors import InputError, run
from pipeline.common.workspace import add_section
from pipeline.config.settings import Settings
from pipeline.training import backend
from pipeline.training.trainer import TrainingData


class Enough(Exception):
    """Raised after the last step that is watched."""


class Watch:
    """In place of an Interruption: fit asks it after each step. It notes how far the weights moved, and stops after `count` steps."""

    def __init__(self, model, count):
        self.model, self.count, self.updates, self.weights = model, count, [], None
        self.note()

    def note(self):
        """Take the trained weights as they are now."""
        before, self.weights = self.weights, [backend.value_of(v).astype(np.float64) for v in self.model.trainable_variables]
        if before is not None:
            self.updates.append(float(np.sqrt(sum(np.square(b - a).sum() for a, b in zip(before, self.weights, strict=True)))))

    def __call__(self):
        """Note a step; tell whether it was the last one."""
        self.note()
        return len(self.updates) == self.count

    def stop(self, _):
        """End the training."""
        raise Enough


def first_steps(settings, data, flip=None):
    """Return {"first_losses": [number], "first_updates": [number]}; Keras must have been started for `settings`.

    An update is the Euclidean length of the change of all trained weights in a step. data: TrainingData; flip: a seed by which half of the
    first kernel's weights change in their last bit, None for none.
    """
    from pipeline.networks.shared.classifier import build
    from pipeline.training.fit import FIRST_STEPS, fit

    model, losses = build(settings), []
    if flip is not None:
        kernel = next(variable for variable in model.trainable_variables if variable.name.endswith("kernel"))
        kernel.assign(flipped(backend.value_of(kernel), flip))
    watch = Watch(model, FIRST_STEPS)
    try:
        fit(model, data.pixels, data.training, data.validation, settings, lambda _, loss: losses.append(loss), lambda *_: None,
            interruption=watch)  # fmt: skip
    except Enough:
        pass
    return {"first_losses": losses, "first_updates": watch.updates}


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
    if settings.backend != "tensorflow":  # JAX keeps what it trains to itself until an epoch ends
        raise InputError(f"{options.row}: expected training.backend tensorflow, received {settings.backend}; set it back")
    data = TrainingData.read(settings)
    found = []
    for flip in (None, *range(options.flips)):
        backend.start_for(settings)
        found.append(first_steps(settings, data, flip))
    print(json.dumps(found))


if __name__ == "__main__":
    run(main, backend.leave)
    backend.leave()
