"""What a set of labelled faces holds besides faces: identical pictures, conflicting labels, blank ones, copies across its own split."""

import numpy as np
import pandas as pd

from pipeline.dataset.names import TEST_USAGES, TRAINING_USAGE

BLANK = 8  # gray levels between a blank picture's darkest and lightest pixel: JPEG leaves a few
CELLS = 8  # a picture is sought by the sums of 8 x 8 cells
NEAR = 6  # mean gray levels between a picture and a mirror image that is its copy: what saving as JPEG once more changes
CHUNK = 256  # test faces compared at once


def groups(labels):
    """Return the faces whose pixels another face has too, as the rows of `labels` sorted by picture and face.

    labels: a table of read_labels. A column conflict tells whether the group's faces carry more than one emotion.
    """
    repeated = labels[labels.duplicated("digest", keep=False)].sort_values(["digest", "face"])
    return repeated.assign(conflict=repeated.groupby("digest").emotion.transform("nunique") > 1)


def blank(labels, pixels):
    """Return the rows of `labels` whose picture shows nothing: hardly a gray level differs. pixels: (n, size, size) uint8."""
    flat = pixels.reshape(len(pixels), -1)
    return labels[flat.max(axis=1).astype(int) - flat.min(axis=1) <= BLANK]


def mirrored(labels, pixels):
    """Return a table of test faces of which training holds the mirror image: face, emotion, training_face, training_emotion, difference.

    pixels: (n, size, size) uint8, of the rows of `labels`. Compared is each test face with the one training face whose mirror image has
    the nearest cells; difference: mean absolute gray levels, at most NEAR. Blank and symmetric pictures are left out.
    """
    shows = ~labels.index.isin(blank(labels, pixels).index)
    brightness = pixels.mean(axis=(1, 2))
    training, test = (np.flatnonzero(shows & labels.usage.isin(usages)) for usages in ([TRAINING_USAGE], TEST_USAGES))
    training, test = (faces[np.argsort(brightness[faces], kind="stable")] for faces in (training, test))
    found = []
    for start in range(0, len(test), CHUNK):
        chosen = test[start : start + CHUNK]
        # A copy is about as bright: only those need be compared.
        bounds = brightness[chosen[0]] - NEAR, brightness[chosen[-1]] + NEAR
        near = training[slice(*np.searchsorted(brightness[training], bounds))]
        if len(near):
            flipped, cells = pixels[chosen][:, :, ::-1], _cells(pixels[near])
            # All numbers are whole and below 2**53, so that every CPU finds the same nearest.
            nearest = near[((cells**2).sum(axis=1) - 2 * _cells(flipped) @ cells.T).argmin(axis=1)]
            difference = np.abs(flipped.astype(np.int16) - pixels[nearest]).mean(axis=(1, 2))
            found += zip(chosen, nearest, difference, strict=True)
    digest = labels.digest.to_numpy()
    kept = [(a, b, d) for a, b, d in sorted(found) if d <= NEAR and digest[a] != digest[b]]
    one, other = (labels.iloc[[pair[side] for pair in kept]].reset_index(drop=True) for side in (0, 1))
    columns = {"face": one.face, "emotion": one.emotion, "training_face": other.face, "training_emotion": other.emotion}
    return pd.DataFrame(columns | {"difference": [round(float(d), 3) for *_, d in kept]})


def _cells(pixels):
    # The sums of CELLS x CELLS equal cells of each picture, (n, CELLS**2) float64; a rim that does not divide is left out.
    size = pixels.shape[1] // CELLS
    start = (pixels.shape[1] - size * CELLS) // 2
    inner = pixels[:, start : start + size * CELLS, start : start + size * CELLS]
    return inner.reshape(-1, CELLS, size, CELLS, size).sum(axis=(2, 4), dtype=np.int64).reshape(len(pixels), -1).astype(np.float64)


def audit(labels, emotions):
    """Return counts as a dict: faces, distinct pictures, repeated ones, conflicts, duplicates across the split, faces by emotion."""
    repeated = groups(labels)
    training = set(labels.digest[labels.usage == TRAINING_USAGE])
    test = labels[labels.usage.isin(TEST_USAGES)]
    shares = labels.emotion.value_counts()
    return {
        "faces": len(labels),
        "distinct_pictures": int(labels.digest.nunique()),
        "faces_in_groups": len(repeated),
        "groups": int(repeated.digest.nunique()),
        "conflicting_groups": int(repeated.digest[repeated.conflict].nunique()),
        "test_faces": len(test),
        "test_faces_with_a_duplicate_in_training": int(test.digest.isin(training).sum()),
        "emotions": {emotion: int(shares.get(emotion, 0)) for emotion in emotions},
    }
