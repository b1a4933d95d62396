"""A small residual network for 48 px faces and CPUs: not in the paper.

Plain 3x3 convolutions, for they come nearest to a CPU's matrix rate; one gray channel, for the three are equal; four levels, each a
convolution, max pooling by two, and one residual block (He et al., 2016) behind it, where a quarter of the positions is left. Pooled before
it is normalised: 1.9 points better on validation faces than pooled after ReLU, and normalisation, ReLU and their gradients see a quarter of
the values. Strides in place of pooling lose 4.1 points, three quarters of the widths 2.0. The blocks' shortcuts are worth nothing that
short trainings show (0.0), and cost nothing. All by validation faces, 8 epochs, one seed: docs/beyond.md.
"""

MINIMUM_SIZE = 16  # pixels
IMAGENET = None  # there are no such weights: it always starts at random
WIDTHS = 32, 64, 128, 256


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1], the first channel alone."""
    return images[..., :1] / 127.5 - 1


def backbone(images, weights):
    """Return the feature maps (batch, h, w, 256) of scaled images; weights is None."""
    if weights is not None:
        raise ValueError("no weights but random ones, or a file of a whole classifier")
    return features(images)


def features(images, widths=WIDTHS, shortcuts=True, halved_by="pool, norm, relu"):
    """Return the feature maps of scaled images, (batch, h, w, last width); benchmarks.ablation gives other arguments.

    shortcuts: whether a block's input is added to its output; halved_by: how a level's first convolution is followed, "norm, relu, pool"
    or "pool, norm, relu", or "stride": it moves by two pixels and nothing is pooled.
    """
    from keras import layers

    def convolve(inputs, width, name, **arguments):
        arguments = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"} | arguments
        return layers.Conv2D(width, 3, name=f"{name}_conv", **arguments)(inputs)

    def relu(inputs, name):
        return layers.ReLU(name=f"{name}_relu")(inputs)

    def normalize(inputs, name):
        return layers.BatchNormalization(name=f"{name}_norm")(inputs)

    x = images
    for level, width in enumerate(widths, start=1):
        first, pool = f"{level}_in", layers.MaxPooling2D(2, name=f"{level}_pool")
        if halved_by == "pool, norm, relu":
            x = relu(normalize(pool(convolve(x, width, first)), first), first)
        elif halved_by == "norm, relu, pool":
            x = pool(relu(normalize(convolve(x, width, first), first), first))
        else:
            x = relu(normalize(convolve(x, width, first, strides=2), first), first)
        y = relu(normalize(convolve(x, width, f"{level}_a"), f"{level}_a"), f"{level}_a")
        y = normalize(convolve(y, width, f"{level}_b"), f"{level}_b")
        x = relu(layers.Add(name=f"{level}_add")([x, y]) if shortcuts else y, f"{level}")
    return x
