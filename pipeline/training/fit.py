"""The training of one row: exact epochs, every layer, one log entry an epoch."""

import time

import keras
import numpy as np
from scipy.special import log_softmax

from pipeline.training.batch_norm import BATCH, re_estimate
from pipeline.training.batches import batches, epoch_order
from pipeline.training.steps import Steps


def make_optimizer(settings):
    """Return the Keras optimizer of an Optimizer section."""
    arguments = settings.model_dump(exclude={"name"})
    return {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[settings.name](**arguments)


def fit(model, pixels, train, validation, settings, on_batch, on_epoch):
    """Train `model` in place and return the seconds that each epoch's steps took.

    pixels: (N, h, w, 3) uint8; train, validation: (index, labels), two int64 arrays each; settings: Settings.
    on_batch(n, loss) is called after each step on n faces. on_epoch(epoch, logs) is called after each epoch with loss and
    accuracy (of the epoch's batches as they were trained), learning_rate and, where there are validation faces, val_loss
    and val_accuracy. The statistics of batch normalisation are re-estimated before each validation and at the end.
    """
    optimizer = make_optimizer(settings.optimizer)
    steps = Steps(model, optimizer)
    index, labels = train
    seconds = []
    for epoch in range(settings.epochs):
        start = time.monotonic()
        order = epoch_order(len(index), settings.seed, epoch)
        loss = correct = 0
        for rows, faces in batches(pixels, index[order], settings.batch_size):
            batch_loss, batch_correct = steps.train(faces, labels[order[rows]])
            loss, correct = loss + batch_loss * len(faces), correct + batch_correct
            on_batch(len(faces), batch_loss)
        seconds.append(time.monotonic() - start)
        logs = {"loss": loss / len(index), "accuracy": correct / len(index), "learning_rate": float(optimizer.learning_rate)}
        last = epoch + 1 == settings.epochs
        if last or len(validation[0]):
            sample = index[epoch_order(len(index), settings.seed, settings.epochs)][: settings.batch_norm_faces]
            re_estimate(model, steps.observe, (faces for _, faces in batches(pixels, sample, BATCH)))
        if len(validation[0]):
            logs |= validate(steps, pixels, *validation)
        on_epoch(epoch, logs)
    return seconds


def validate(steps, pixels, index, labels):
    """Return {"val_loss": mean cross-entropy, "val_accuracy": share} of the faces at `index`."""
    logits = np.concatenate([steps.infer(faces) for _, faces in batches(pixels, index, BATCH)])
    loss = -log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels].mean()
    return {"val_loss": float(loss), "val_accuracy": float((logits.argmax(axis=1) == labels).mean())}
