"""The training of one row: exact epochs, every layer, one log entry an epoch, resumable at any step."""

import math
import time
from collections import deque

import numpy as np
from scipy.special import log_softmax

from pipeline.common.errors import InputError
from pipeline.training import backend
from pipeline.training.batch_norm import BATCH, re_estimate
from pipeline.training.batches import Examples, batches, epoch_order
from pipeline.training.checkpoint import Progress
from pipeline.training.optimizer import averaged, exchange, make_optimizer, rate_at
from pipeline.training.steps import make_steps

FIRST_STEPS = 8  # whose losses are kept: another machine's rounding has not yet grown in them, a difference in the arithmetic shows
AHEAD = 4  # steps that may be under way before their losses are read: a GPU would wait for the reading
SAVE_SECONDS = 600  # a checkpoint within an epoch that is longer than this


def fit(model, pixels, train, validation, settings, on_batch, on_epoch, strategy=None, checkpoint=None, interruption=None):
    """Train `model` in place and return its Progress, with the seconds that each epoch's steps took and the first steps' losses.

    pixels: (N, h, w, 3) uint8; train, validation: (index, labels), two int64 arrays each; settings: Settings, with the recipe;
    strategy: what devices.shared yields; checkpoint: a Checkpoint to go on from and to save to; interruption: an Interruption to obey.
    on_batch(n, loss) is called for the steps on n faces. on_epoch(epoch, logs) is called for each epoch, those of the
    checkpoint included, with loss and accuracy (of the epoch's batches as they were trained, by the faces' own labels),
    learning_rate and, where there are validation faces, val_loss and val_accuracy. The statistics of batch normalisation are
    re-estimated before each validation and at the end. Raises InputError where the loss is not finite.
    """
    recipe = settings.recipe
    optimizer = make_optimizer(settings, model)
    steps = make_steps(model, optimizer, strategy)
    examples = Examples(pixels, *train, settings)
    index, total = train[0], settings.epochs * -(-len(train[0]) // settings.batch_size)
    progress = checkpoint.load(model, optimizer) if checkpoint else None
    if progress:
        print(f"train: {settings.row} goes on after {progress} of {settings.epochs}", flush=True)
        for epoch, logs in enumerate(progress.logs):
            on_batch(len(index), logs["loss"])
            on_epoch(epoch, logs)
    progress = progress or Progress()
    pending, saved, rate = deque(), time.monotonic(), settings.optimizer.learning_rate

    def read(left):
        while len(pending) > left:
            count, loss, correct = pending.popleft()
            loss = float(loss)
            if not math.isfinite(loss):
                raise InputError(
                    f"{settings.row}: expected a finite loss, received {loss} in epoch {progress.epoch + 1} with "
                    f"{settings.optimizer.name} at learning rate {rate:g}; lower the learning rate"
                )
            progress.loss, progress.correct = progress.loss + loss * count, progress.correct + int(correct)
            if len(progress.first_losses) < FIRST_STEPS:
                progress.first_losses.append(loss)
            on_batch(count, loss)

    def save():
        nonlocal saved
        if checkpoint:
            steps.store()
            checkpoint.save(progress, model, optimizer)
        saved = time.monotonic()

    while progress.epoch < settings.epochs:
        start = time.monotonic() - progress.seconds
        done = progress.step * settings.batch_size
        if done:
            on_batch(done, progress.loss / done)
        for batch in examples.batches(progress.epoch, progress.step):
            if recipe.schedule != "constant" or recipe.warm_up:
                step = progress.epoch * total // settings.epochs + progress.step
                rate = rate_at(step, total, settings.optimizer.learning_rate, recipe.schedule, recipe.warm_up)
                steps.set_rate(rate)
            pending.append((len(batch[0]), *steps.train(*batch)))
            progress.step += 1
            stop = interruption and interruption()
            read(0 if stop else AHEAD)
            if stop or time.monotonic() - saved > SAVE_SECONDS:
                read(0)
                progress.seconds = time.monotonic() - start
                save()
            if stop:
                kept = "not saved" if not checkpoint or checkpoint.unsaved else "saved"
                interruption.stop(f"{settings.row} interrupted after {progress} of {settings.epochs}, {kept}; run the same again to go on")
        read(0)
        steps.store()
        progress.epoch_seconds.append(time.monotonic() - start)
        logs = {"loss": progress.loss / len(index), "accuracy": progress.correct / len(index)}
        logs["learning_rate"] = float(backend.value_of(optimizer.learning_rate))
        with averaged(model, optimizer):
            if progress.epoch + 1 == settings.epochs or len(validation[0]):
                sample = index[epoch_order(len(index), settings.seed, settings.epochs)][: settings.batch_norm_faces]
                re_estimate(model, steps.observe, batches(pixels, sample, BATCH))
            if len(validation[0]):
                logs |= validate(steps, pixels, *validation)
        on_epoch(progress.epoch, logs)
        kept = {"epoch_seconds": progress.epoch_seconds, "first_losses": progress.first_losses}
        progress = Progress(progress.epoch + 1, logs=[*progress.logs, logs], **kept)
        save()
    exchange(model, optimizer)  # for good
    return progress


def validate(steps, pixels, index, labels):
    """Return {"val_loss": mean cross-entropy, "val_accuracy": share} of the faces at `index`."""
    logits = np.concatenate([steps.infer(faces) for faces in batches(pixels, index, BATCH)])
    loss = -log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels].mean()
    return {"val_loss": float(loss), "val_accuracy": float((logits.argmax(axis=1) == labels).mean())}
