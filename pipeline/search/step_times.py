"""Times a few real steps of one network, in a process of its own; prints the figures as JSON.

python -m pipeline.search.step_times '{"settings": {...}, "batch_sizes": [16, 128], "started": <seconds since the epoch>}'
"""

import json
import sys
import time

import numpy as np

from pipeline.common.files import cache_folder
from pipeline.common.workspace import FACES
from pipeline.config.settings import Settings
from pipeline.dataset.arrays import open_npy
from pipeline.training import backend
from pipeline.training.batches import Examples, batches

SECONDS, STEPS = 2.0, 3  # at least so long and so many
FACES_AT_ONCE = 128


def rate(run, images):
    """Return seconds per image of run(), which takes `images` of them: the mean over SECONDS, after a first call."""
    run()
    started, count = time.monotonic(), 0
    while time.monotonic() - started < SECONDS / 2:
        run()
        count += images
    return (time.monotonic() - started) / count


def endless(examples, epoch):
    """Yield the batches of one epoch again and again."""
    while True:
        yield from examples.batches(epoch)


def step_seconds(steps, examples, epoch):
    """Return the mean seconds of a training step of `epoch`, its faces made ready beside it as in a training."""
    stream, done = endless(examples, epoch), 0
    float(steps.train(*next(stream))[0])  # caches fill, the allocator settles
    started = time.monotonic()
    while done < STEPS or time.monotonic() - started < SECONDS:
        loss, _ = steps.train(*next(stream))
        done += 1
    float(loss)
    return (time.monotonic() - started) / done


def phases(examples, epochs):
    """Return {an epoch: share of the epochs with faces of its size}."""
    sizes = [examples.size(epoch) for epoch in range(epochs)]
    return {sizes.index(size): sizes.count(size) / epochs for size in dict.fromkeys(sizes)}


def measure(settings, batch_sizes, pixels, started):
    """Return the figures of a network: seconds, and bytes on disk.

    imported, built, first_step: since `started`, when the process began; steps: {batch size: seconds of one}; infer, observe: per face;
    first_infer: of the first call; save: of one checkpoint; weights_bytes, checkpoint_bytes.
    """
    from pipeline.networks.shared.classifier import build
    from pipeline.training import devices
    from pipeline.training.checkpoint import Checkpoint, Progress
    from pipeline.training.optimizer import make_optimizer
    from pipeline.training.steps import make_steps

    index = np.arange(min(len(pixels), 8 * max(batch_sizes)))
    labels = index % len(settings.emotions)
    imported = time.time() - started
    with devices.shared(devices.select(settings.devices)) as strategy:
        model = build(settings)
        figures = {"imported": imported, "built": time.time() - started, "parameters": model.count_params()}
        optimizer = make_optimizer(settings, model)
        steps = make_steps(model, optimizer, strategy)
        by_size = {size: Examples(pixels, index, labels, settings.model_copy(update={"batch_size": size})) for size in batch_sizes}
        float(steps.train(*next(by_size[batch_sizes[0]].batches(0)))[0])
        figures["first_step"] = time.time() - started
        figures["steps"] = {
            size: sum(share * step_seconds(steps, examples, epoch) for epoch, share in phases(examples, settings.epochs).items())
            for size, examples in by_size.items()
        }
        faces = next(batches(pixels, index, FACES_AT_ONCE))
        before = time.monotonic()
        steps.infer(faces)
        figures["first_infer"] = time.monotonic() - before
        figures["infer"] = rate(lambda: np.asarray(steps.infer(faces)), len(faces))
        figures["observe"] = rate(lambda: steps.observe(faces), len(faces))
        steps.store()
        checkpoint = Checkpoint("measured", settings.model)
        before = time.monotonic()
        checkpoint.save(Progress(), model, optimizer)
        figures["save"] = time.monotonic() - before
        figures["checkpoint_bytes"] = checkpoint.path.stat().st_size
        weights = cache_folder() / f"{settings.model}.weights.h5"
        model.save_weights(weights)
        figures["weights_bytes"] = weights.stat().st_size
    return figures


def main():
    """Read the request from the first argument and print the figures."""
    given = json.loads(sys.argv[1])
    settings = Settings.model_validate(given["settings"]).model_copy(update={"pretrained": None, "pretrained_sha256": None})
    settings = settings.model_copy(update={"backend": backend.chosen(settings.backend)})
    pixels = open_npy(FACES)
    backend.start_for(settings)
    print(json.dumps(measure(settings, given["batch_sizes"], pixels, given["started"])))


if __name__ == "__main__":
    main()
