"""What a training will cost, from a few measured steps: arithmetic only."""

import heapq

import numpy as np


def cell_seconds(settings, faces, figures, variants=1, one_process=False):
    """Return the seconds of training and evaluating one cell.

    settings: Settings; faces: {"train", "validation", "test": count}; figures: of step_times.measure; variants: of a test face;
    one_process: it is evaluated by the process that trained it.
    """
    sizes = sorted(figures["steps"])
    step = float(np.interp(settings.batch_size, sizes, [figures["steps"][size] for size in sizes]))  # nearly linear between
    estimates = settings.epochs if faces["validation"] else 1  # of the statistics of batch normalisation
    observed = min(settings.batch_norm_faces, faces["train"])
    epoch = -(-faces["train"] // settings.batch_size) * step + faces["validation"] * figures["infer"] + figures["save"]
    train = figures["first_step"] + settings.epochs * epoch + estimates * observed * figures["observe"]
    evaluate = figures["built"] + figures["first_infer"] + faces["test"] * variants * figures["infer"]
    if one_process:
        evaluate -= figures["imported"]
    return train + evaluate


def makespan(seconds, workers):
    """Return when the last of some runs ends, if each of `workers` takes the next in order as soon as it is free."""
    free = [0.0] * workers
    for cost in seconds:
        heapq.heappush(free, heapq.heappop(free) + cost)
    return max(free)
