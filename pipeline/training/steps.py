"""The compiled steps of a model on the backend that was started: train, infer, observe.

Written out instead of model.fit: the same arithmetic, traced once for any batch size, ready in a fraction of the time.
"""

from importlib import import_module

import keras


def load():
    """Return the module of the steps on Keras' backend."""
    return import_module(f"pipeline.training.{keras.backend.backend()}_steps")


def make_steps(model, optimizer=None, strategy=None):
    """Return the Steps of `model` on Keras' backend.

    model: (batch, h, w, 3) uint8 to (batch, emotions) logits; optimizer: a Keras optimizer, or None to infer only;
    strategy: what devices.shared yields. Each step is traced at its first call:

    train(faces, targets, labels): one optimizer step on (batch, h, w, 3) uint8 and (batch, emotions) float32; returns (mean
        cross-entropy with the targets, answers that are the (batch,) int64 labels) of the batch, as before the step, as numbers
        or as arrays that float() and int() wait for.
    set_rate(rate): the learning rate of the next steps.
    infer(faces): the logits (batch, emotions) float32, with the moving statistics.
    observe(faces): runs the model as in training, so that its batch normalisation layers see the batch.
    store(): brings what was trained into the model's and the optimizer's variables.
    """
    return load().Steps(model, optimizer, strategy)
