"""A small residual network for 48 px faces and CPUs, 2.0 million parameters: not in the paper."""

from pipeline.networks.shared import compact

MINIMUM_SIZE = 16  # pixels
IMAGENET = None  # there are no such weights: it always starts at random

scale = compact.scale
features = compact.features


def backbone(images, weights):
    """Return the feature maps (batch, h, w, 256) of scaled images; weights is None."""
    if weights is not None:
        raise ValueError("no weights but random ones, or a file of a whole classifier")
    return features(images)
