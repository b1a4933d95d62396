"""Synthetic faces, drawn by a procedure: 48x48 gray, seven expressions, integer arithmetic only, so that every CPU gives the same bytes.

They stand in for FER-2013 where it may not be had. They are drawings: no score made from them says anything about people.
"""

import numpy as np

from pipeline.common.errors import InputError
from pipeline.dataset.names import TEST_USAGES, TRAINING_USAGE

CHUNK = 256  # faces drawn at once; part of the seed's meaning
UNIT = 16  # sub-pixels in a pixel
CANVAS = 48  # pixels; other sizes are cut from a larger or smaller drawing

# Mean of each trait at full expression, in sub-pixels (slopes and curvatures in 1/64): what distinguishes the emotions.
# brow_y: lift; brow_slope: inner end up; eye: opening; mouth_curve: corners up; mouth_open; mouth_width; wrinkle; lip: raised side
TRAITS = ("brow_y", "brow_slope", "eye", "mouth_curve", "mouth_open", "mouth_width", "wrinkle", "lip")
NEUTRAL = (0, 0, 40, 0, 0, 112, 0, 0)
EXPRESSIONS = {
    "angry": (-28, -26, 30, -14, 4, 96, 20, 0),
    "disgust": (-18, -10, 24, -10, 8, 88, 90, 26),
    "fear": (24, 20, 58, -8, 30, 128, 0, 0),
    "happy": (4, 0, 32, 34, 18, 144, 0, 0),
    "neutral": NEUTRAL,
    "sad": (2, 28, 26, -26, 0, 96, 0, 0),
    "surprise": (36, 4, 66, 0, 64, 76, 0, 0),
}
SPREAD = (9, 8, 8, 8, 7, 14, 12, 8)  # the traits' random deviation either way, by person
STRENGTH = (80, 160)  # percent of the full expression: weak ones look more neutral, as people's do


def draw(emotions, seed, chunk):
    """Return faces (n, 48, 48) uint8 of `emotions` (n names, n <= CHUNK); the same seed and chunk give the same bytes."""
    random = np.random.Generator(np.random.PCG64([seed, 1, chunk]))
    n = len(emotions)

    def uniform(low, high, *shape):
        return random.integers(low, high + 1, size=(n, *(shape or (1, 1))), dtype=np.int64)

    strength = uniform(*STRENGTH)
    trait = {}
    for index, name in enumerate(TRAITS):
        full = np.array([EXPRESSIONS[emotion][index] for emotion in emotions]).reshape(n, 1, 1)
        trait[name] = NEUTRAL[index] + (full - NEUTRAL[index]) * strength // 100 + uniform(-SPREAD[index], SPREAD[index])

    # Pose: shift, size, roll (a shear each way), and yaw, which moves the inner face sideways.
    axis = np.arange(CANVAS, dtype=np.int64) * UNIT + UNIT // 2 - CANVAS * UNIT // 2
    column, row = axis.reshape(1, 1, CANVAS), axis.reshape(1, CANVAS, 1)
    roll, zoom = uniform(-10, 10), uniform(80, 100)
    x, y = column - uniform(-32, 32), row - uniform(-32, 32)
    x, y = (x * 64 + y * roll) // zoom, (y * 64 - x * roll) // zoom
    yaw = uniform(-30, 30)

    skin, ground, dark = uniform(110, 205), uniform(10, 235), uniform(15, 60)
    image = np.broadcast_to(ground, (n, CANVAS, CANVAS)).astype(np.int64)

    def paint(alpha, shade):
        nonlocal image
        alpha = np.clip(alpha, 0, 256)
        image = image + (shade - image) * alpha // 256

    def ellipse(cx, cy, rx, ry):
        # Coverage falls from 256 to 0 across the rim; scaled by the smaller radius so that its width is about a pixel.
        rx, ry = np.maximum(rx, 1), np.maximum(ry, 1)
        inside = 4096 - ((x - cx) * 64 // rx) ** 2 - ((y - cy) * 64 // ry) ** 2
        return inside * np.minimum(rx, ry) // 128

    def stroke(middle, half_length, cx, thickness):
        return np.minimum((half_length - abs(x - cx)) * 16, (thickness - abs(y - middle)) * 20)

    head_width, head_height = uniform(215, 265), uniform(280, 330)
    hair = ellipse(0, -30, head_width + uniform(4, 30), head_height + uniform(10, 40))
    paint(hair, dark)
    paint(ellipse(0, uniform(10, 40), head_width, head_height), skin)
    paint(np.minimum(ellipse(0, -300, head_width, uniform(60, 150)), hair), dark)  # fringe
    eye_y, eye_x, brow_length = uniform(-66, -46), uniform(88, 112), uniform(46, 62)
    thickness = uniform(9, 16)
    for side in (-1, 1):
        cx = side * eye_x + yaw
        opening = np.maximum(trait["eye"], 6)
        paint(ellipse(cx, eye_y, 44, opening), np.minimum(skin + 60, 245))
        paint(np.minimum(ellipse(cx + yaw // 4, eye_y, 20, 26), ellipse(cx, eye_y, 44, opening)), dark)
        paint(stroke(eye_y - opening, 46, cx, 7), dark + 20)  # upper lid
        brow = eye_y - 74 - trait["brow_y"] + side * (x - cx) * trait["brow_slope"] // 64
        paint(stroke(brow, brow_length, cx, thickness), dark)
        crease = eye_y + 66 + side * (x - cx) // 2  # beside the nose, when it wrinkles
        paint(np.minimum(stroke(crease, 40, side * 44 + yaw, 8), 2 * np.maximum(trait["wrinkle"], 0)), skin * 5 // 8)
    nose = yaw + uniform(-4, 4)
    paint(np.minimum(ellipse(nose, 40, 26, 20), 120), skin * 3 // 4)
    paint(np.minimum(stroke(-10, 10, nose, 56), 70), skin * 3 // 4)
    mouth_y, width = uniform(136, 160), np.maximum(trait["mouth_width"], 40)
    across = np.clip((x - yaw) * 64 // width, -64, 64)
    bend = trait["mouth_curve"] * (across * across - 1365) // 4096 + trait["lip"] * across // 64
    opening = np.maximum(trait["mouth_open"], 0)
    lips = mouth_y - bend
    height = opening * (4096 - across * across) // 4096
    inside = np.minimum((width - abs(x - yaw)) * 16, (height + 11 - abs(y - lips)) * 20)
    paint(inside, dark + 25)
    teeth = np.minimum(inside, (height - 10 - abs(y - lips + height // 2)) * 20)
    paint(teeth, np.broadcast_to(uniform(150, 230), image.shape))

    # Lighting from one side, contrast, and the sensor's noise.
    light = 256 + (x * uniform(-70, 70) + y * uniform(-70, 70)) // (CANVAS * UNIT // 2)
    image = (image - 128) * uniform(60, 110) // 100 + 128 + uniform(-25, 25)
    image = image * light // 256 + (uniform(-20, 20, CANVAS, CANVAS) + uniform(-20, 20, CANVAS, CANVAS)) * uniform(2, 10) // 10
    return np.clip(image, 0, 255).astype(np.uint8)


def labels(faces, class_counts, seed):
    """Return the emotions and usages (two arrays of `faces` strings), in shuffled order.

    Counts follow `class_counts` in proportion (largest remainder, each at least 10), 8 : 1 : 1 over Training, PublicTest and PrivateTest.
    """
    emotions = list(class_counts)
    total = sum(class_counts.values())
    exact = [faces * class_counts[emotion] for emotion in emotions]
    counts = [value // total for value in exact]
    by_remainder = sorted(range(len(emotions)), key=lambda index: (-(exact[index] % total), index))
    for index in by_remainder[: faces - sum(counts)]:
        counts[index] += 1
    if min(counts) < 10:
        scarce = emotions[counts.index(min(counts))]
        raise InputError(
            f"params.yaml: sources.synthetic.faces: expected enough for 10 faces of every emotion, received {faces}, "
            f"which gives {min(counts)} of {scarce}; raise faces or class_counts"
        )
    emotion = np.repeat(np.array(emotions), counts)
    usage = np.concatenate([np.repeat([TRAINING_USAGE, *TEST_USAGES[:2]], [c - c // 10 - c // 10, c // 10, c // 10]) for c in counts])
    order = np.random.Generator(np.random.PCG64([seed, 0])).permutation(faces)
    return emotion[order], usage[order]


def generate(faces, class_counts, seed, size):
    """Yield chunks (pixels (n, size, size) uint8, names, emotions, usages) of all `faces` faces."""
    unknown = sorted(set(class_counts) - set(EXPRESSIONS))
    if unknown or size != CANVAS:
        raise InputError(
            f"the synthetic source draws {', '.join(EXPRESSIONS)} at {CANVAS} pixels, received "
            f"{', '.join(unknown) or size}; choose another source, or these in sources.synthetic.class_counts and faces.size"
        )
    emotions, usages = labels(faces, class_counts, seed)
    for chunk, start in enumerate(range(0, faces, CHUNK)):
        stop = min(start + CHUNK, faces)
        names = [f"synthetic-{seed}-{face:07d}" for face in range(start, stop)]
        yield draw(list(emotions[start:stop]), seed, chunk), names, emotions[start:stop], usages[start:stop]
