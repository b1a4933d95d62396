"""What a step is fed: faces from a memory-mapped array, never the whole set in memory, in an order that seed and epoch give."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.training.augmentation import augment, mix

AHEAD = 3  # batches that are made ready while a step runs


def batches(pixels, index, batch_size):
    """Yield the faces at `index` in order, (batch_size or fewer, h, w, 3) uint8.

    pixels: (N, h, w, 3) uint8, mapped or not; index: (n,) int64 into pixels.
    """
    for start in range(0, len(index), batch_size):
        yield pixels[index[start : start + batch_size]]


def epoch_order(count, seed, epoch):
    """Return a permutation of `count` faces, (count,) int64, that depends on seed and epoch alone."""
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(count)


class Examples:
    """The training faces of a row and their targets, as its recipe says."""

    def __init__(self, pixels, index, labels, settings):
        """pixels: (N, h, w, 3) uint8, gray (three equal channels); index, labels: (n,) int64 each; settings: Settings."""
        self.pixels, self.index, self.labels, self.settings = pixels, index, labels, settings
        classes, recipe = len(settings.emotions), settings.recipe
        self.targets = np.full((classes, classes), recipe.label_smoothing / classes)  # one line an emotion
        self.targets[np.diag_indices(classes)] += 1 - recipe.label_smoothing
        if recipe.class_weighting == "loss":
            self.targets *= (len(labels) / (classes * np.maximum(np.bincount(labels, minlength=classes), 1)))[:, None]
        self.targets = self.targets.astype(np.float32)

    def __len__(self):
        return len(self.index)

    def order(self, epoch):
        """Return which examples an epoch takes in which order, (n,) int64: each once, or the emotions equally often."""
        if self.settings.recipe.class_weighting != "sampling":
            return epoch_order(len(self), self.settings.seed, epoch)
        random = np.random.Generator(np.random.PCG64([self.settings.seed, epoch]))
        by_label = [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)]
        drawn = [random.choice(by_label[turn % len(by_label)]) for turn in range(len(self))]
        return random.permutation(drawn)

    def size(self, epoch):
        """Return the side in pixels of an epoch's faces."""
        for part in self.settings.recipe.progressive_resizing:
            if epoch < part.until * self.settings.epochs:
                return part.size
        return self.pixels.shape[1]

    def batches(self, epoch, first=0):
        """Yield (faces (b, s, s, 3) uint8, targets (b, emotions) float32, labels (b,) int64) of an epoch, from batch number `first` on.

        labels: the faces' own, whatever weights, smoothing and mixing made of the targets.
        """
        order, count = self.order(epoch), -(-len(self) // self.settings.batch_size)
        if not self._changed(epoch):
            for step in range(first, count):
                yield self._take(order, step)
            return
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            ready = deque()
            for step in range(first, count):
                ready.append(pool.submit(self._change, order, epoch, step))
                if len(ready) > AHEAD:
                    yield ready.popleft().result()
            while ready:
                yield ready.popleft().result()

    def _changed(self, epoch):
        return self.settings.recipe.augmentation.model_dump(exclude_defaults=True) or self.size(epoch) != self.pixels.shape[1]

    def _take(self, order, step):
        chosen = order[step * self.settings.batch_size : (step + 1) * self.settings.batch_size]
        labels = self.labels[chosen]
        return self.pixels[self.index[chosen]], self.targets[labels], labels

    def _change(self, order, epoch, step):
        augmentation = self.settings.recipe.augmentation
        random = np.random.Generator(np.random.PCG64([self.settings.seed, epoch, step + 1]))  # 0 is the order's
        faces, targets, labels = self._take(order, step)
        faces = augment(faces[..., 0], self.size(epoch), augmentation, random)
        if augmentation.mixup:
            faces, targets = mix(faces, targets, augmentation.mixup, random)
        return np.repeat(faces[..., None], 3, axis=-1), targets, labels
