"""A network that is built and traced in a moment. Tiny projects have it as pipeline/networks/OneConvolution.py (tests/conftest.py)."""

MINIMUM_SIZE = 16  # pixels
IMAGENET = None


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1]."""
    return images / 127.5 - 1


def backbone(images, weights):
    """Return the feature maps (batch, h, w, 8) of scaled images; weights is None."""
    from keras import layers

    return layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, strides=2, kernel_initializer="he_normal")(images)))
