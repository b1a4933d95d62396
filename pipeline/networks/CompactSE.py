"""Compact with squeeze-and-excitation (Hu et al., 2018) in each block: what its block puts out is weighed by channel.

SCORES docs/beyond.md.
"""

import functools

from pipeline.networks.shared import compact

MINIMUM_SIZE = 16  # pixels
IMAGENET = None  # there are no such weights: it always starts at random
scale = compact.scale_gray
features = functools.partial(compact.features, squeeze=8)


def backbone(images, weights):
    """Return the feature maps (batch, h, w, 256) of scaled images; weights is None."""
    if weights is not None:
        raise ValueError("no weights but random ones, or a file of a whole classifier")
    return features(images)
