"""Changes of the training faces: NumPy on the host, equal on every backend."""

import numpy as np

ERASED = 0.1, 0.4  # least and greatest side of an erased rectangle, as a share of the face's


def augment(faces, size, augmentation, random):
    """Return gray faces (n, h, w) uint8 changed and resampled to (n, size, size) uint8.

    Flip, rotation, scale and translation are one affine map (bilinear; beyond the edge its pixels go on); then brightness and
    contrast, v -> (v - mean)(1 + c) + mean + b; then a rectangle of one gray. Each amount is drawn uniformly from its range, each
    face for itself. random: a numpy Generator.
    """
    count, height, width = faces.shape
    if augmentation.moves or (height, width) != (size, size):
        values = _resample(faces, size, augmentation, random)
    else:
        values = faces.astype(np.float32)
    if augmentation.brightness or augmentation.contrast:
        mean = values.mean(axis=(1, 2), keepdims=True)
        gain = 1 + _uniform(random, augmentation.contrast, count)
        values = (values - mean) * gain + (mean + 255 * _uniform(random, augmentation.brightness, count))
    if augmentation.random_erasing:
        _erase(values, augmentation.random_erasing, random)
    return _to_bytes(values)


def mix(faces, targets, alpha, random):
    """Return faces (n, h, w) uint8 and targets (n, k) float32, each mixed with another of the batch (mixup).

    The share of a face itself is Beta(alpha, alpha) or one less it, whichever is larger.
    """
    share = random.beta(alpha, alpha, len(faces)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other = random.permutation(len(faces))
    mixed = faces * share[:, None, None] + faces[other] * (1 - share)[:, None, None]
    return _to_bytes(mixed), targets * share[:, None] + targets[other] * (1 - share)[:, None]


def _uniform(random, most, count):
    return random.uniform(-most, most, (count, 1, 1)).astype(np.float32)


def _resample(faces, size, augmentation, random):
    count, height, width = faces.shape
    angle = np.deg2rad(_uniform(random, augmentation.rotation, count))
    zoom = 1 + _uniform(random, augmentation.scale, count)
    right, down = (2 * _uniform(random, augmentation.translate, count) for _ in range(2))
    mirror = random.choice(np.array([-1, 1], np.float32), (count, 1, 1)) if augmentation.flip else np.float32(1)
    centres = ((2 * np.arange(size) + 1) / size - 1).astype(np.float32)  # of the pixels, the face spanning -1 to 1
    x, y = centres[None, None, :] - right, centres[None, :, None] - down
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    column, row = mirror * (cos * x + sin * y), cos * y - sin * x
    column = np.clip((column + 1) * (width / 2) - 0.5, 0, width - 1)
    row = np.clip((row + 1) * (height / 2) - 0.5, 0, height - 1)
    left, top = (np.minimum(at.astype(np.int32), edge - 2) for at, edge in ((column, width), (row, height)))
    column -= left
    row -= top
    corner = left + width * top + height * width * np.arange(count, dtype=np.int32)[:, None, None]
    flat = faces.reshape(-1).astype(np.float32)
    upper, lower = flat.take(corner), flat.take(corner + width)
    upper += column * (flat.take(corner + 1) - upper)
    lower += column * (flat.take(corner + width + 1) - lower)
    return upper + row * (lower - upper)


def _erase(values, share, random):
    count, height, width = values.shape
    chosen = np.flatnonzero(random.random(count) < share)
    sides = np.rint(random.uniform(*ERASED, (len(chosen), 2)) * (height, width)).astype(int)
    corners = (random.random((len(chosen), 2)) * ((height, width) - sides + 1)).astype(int)  # every place alike
    grays = random.uniform(0, 255, len(chosen))
    for face, (top, left), (tall, wide), gray in zip(chosen, corners, sides, grays, strict=True):
        values[face, top : top + tall, left : left + wide] = gray


def _to_bytes(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
