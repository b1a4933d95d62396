"""Re-estimates the moving statistics of batch normalisation from training faces.

The moving averages (momentum 0.99 and more) have not arrived after a short training, and validation looks like chance.
"""

import keras
import numpy as np

from pipeline.training import backend

BATCH = 128  # faces; large, so that each batch's statistics are near the population's


def re_estimate(model, observe, faces):
    """Set each layer's moving mean and variance to those over all faces together (law of total variance).

    observe(faces) must run the model as in training; it has to be compiled here, with a momentum of 0, or to read the momentum anew.
    faces: an iterable of batches (n, h, w, 3) uint8.
    """
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    sums = [np.zeros((3, *layer.moving_mean.shape)) for layer in layers]
    count = 0
    try:
        for layer in layers:
            layer.momentum = 0.0  # the moving statistics become those of the last batch
        for batch in faces:
            observe(batch)
            count += len(batch)
            for total, layer in zip(sums, layers, strict=True):
                mean = backend.value_of(layer.moving_mean).astype(np.float64)
                total += len(batch) * np.stack([mean, mean**2, backend.value_of(layer.moving_variance)])
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    if not count:
        return
    for total, layer in zip(sums, layers, strict=True):
        mean, square, variance = total / count
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance + square - mean**2)
