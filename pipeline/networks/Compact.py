"""A small residual network for 48 px faces and CPUs: not in the paper.

Plain 3x3 convolutions, for they come nearest to a CPU's matrix rate; one gray channel, for the three are equal; four levels, each
a convolution, max pooling by two, and one residual block (He et al., 2016) behind it, where a quarter of the positions is left.
"""

MINIMUM_SIZE = 16  # pixels
IMAGENET = None  # there are no such weights: it always starts at random
WIDTHS = 32, 64, 128, 256


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1], the first channel alone."""
    return images[..., :1] / 127.5 - 1


def backbone(images, weights):
    """Return the feature maps (batch, h, w, 256) of scaled images; weights is None."""
    from keras import layers

    if weights is not None:
        raise ValueError("no weights but random ones, or a file of a whole classifier")

    def convolve(inputs, width, name):
        outputs = layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv")(inputs)
        return layers.BatchNormalization(name=f"{name}_norm")(outputs)

    x = images
    for level, width in enumerate(WIDTHS, start=1):
        x = layers.MaxPooling2D(2, name=f"{level}_pool")(layers.ReLU(name=f"{level}_in_relu")(convolve(x, width, f"{level}_in")))
        y = layers.ReLU(name=f"{level}_a_relu")(convolve(x, width, f"{level}_a"))
        y = convolve(y, width, f"{level}_b")
        x = layers.ReLU(name=f"{level}_relu")(layers.Add(name=f"{level}_add")([x, y]))
    return x
