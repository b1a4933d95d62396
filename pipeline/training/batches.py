"""Batches of faces from a memory-mapped array: never the whole set in memory, always an order that seed and epoch give."""

import numpy as np


def batches(pixels, index, batch_size, first=0):
    """Yield (slice, faces) over `index` in order, from batch number `first` on; the last batch may be smaller.

    pixels: (N, h, w, 3) uint8, mapped or not; index: (n,) int64 into pixels. The slice cuts the batch's part of `index`.
    """
    for start in range(first * batch_size, len(index), batch_size):
        rows = slice(start, start + batch_size)
        yield rows, pixels[index[rows]]


def epoch_order(count, seed, epoch):
    """Return a permutation of `count` faces, (count,) int64, that depends on seed and epoch alone."""
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(count)
