"""A small residual network for 48 px faces and CPUs: not in the paper.

Plain 3x3 convolutions, for they come nearest to a CPU's matrix rate; one gray channel, for the three are equal; four levels, each a
convolution, max pooling by two, and one residual block (He et al., 2016) behind it, where a quarter of the positions is left. Pooled before
it is normalised: 1.9 points better on validation faces than pooled after ReLU, and normalisation, ReLU and their gradients see a quarter of
the values. Strides in place of pooling lose 4.1 points, three quarters of the widths 2.0. The blocks' shortcuts are worth nothing that
short trainings show (0.0), and cost nothing. All by validation faces, 8 epochs, one seed: docs/beyond.md.
"""

from pipeline.networks.shared.compact import features, scale_gray

MINIMUM_SIZE = 16  # pixels
IMAGENET = None  # there are no such weights: it always starts at random
scale = scale_gray


def backbone(images, weights):
    """Return the feature maps (batch, h, w, 256) of scaled images; weights is None."""
    if weights is not None:
        raise ValueError("no weights but random ones, or a file of a whole classifier")
    return features(images)
