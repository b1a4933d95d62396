"""The layers of Compact and CompactWide: a small residual network of four levels for 48 px faces and CPUs.

Plain 3x3 convolutions, for they come nearest to a CPU's matrix rate; one gray channel, for the three are equal; four levels, each a
convolution, max pooling by two, and one residual block (He et al., 2016) behind it, where a quarter of the positions is left. Pooled before
it is normalised: 1.9 points better on validation faces than pooled after ReLU, and normalisation, ReLU and their gradients see a quarter of
the values. Strides in place of pooling lose 4.1 points, three quarters of the channels 2.0. The blocks' shortcuts are worth nothing that
short trainings show (0.0), and cost nothing. All by validation faces, 8 epochs, one seed: docs/beyond.md.
"""

WIDTHS = 32, 64, 128, 256  # channels of Compact's levels


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1], the first channel alone."""
    return images[..., :1] / 127.5 - 1


def features(images, widths=WIDTHS, blocks=(1, 1, 1, 1), shortcuts=True, halved_by="pool, norm, relu", squeeze=0, maximum=False):
    """Return the feature maps of scaled images, (batch, h, w, last width); benchmarks.ablation gives other arguments.

    blocks: residual blocks of each level; shortcuts: whether a block's input is added to its output.
    halved_by: what follows a level's first convolution, "norm, relu, pool" or "pool, norm, relu"; or "stride": it moves by two pixels and
    nothing is pooled; or "pooled before": all levels but the first pool ahead of it.
    squeeze: a block's output is weighed by squeeze-and-excitation (Hu et al., 2018) through width / squeeze channels, at least eight.
    maximum: each map's maximum is added to it, so that the head's average is average plus maximum.
    """
    from keras import layers

    def convolve(inputs, width, name, **arguments):
        arguments = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"} | arguments
        return layers.Conv2D(width, 3, name=f"{name}_conv", **arguments)(inputs)

    def relu(inputs, name):
        return layers.ReLU(name=f"{name}_relu")(inputs)

    def normalize(inputs, name):
        return layers.BatchNormalization(name=f"{name}_norm")(inputs)

    def excite(inputs, width, name):
        x = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(inputs)
        x = layers.Dense(max(8, width // squeeze), activation="relu", name=f"{name}_reduce")(x)
        return layers.Multiply(name=f"{name}_excite")([inputs, layers.Dense(width, activation="sigmoid", name=f"{name}_gate")(x)])

    def block(inputs, width, name):
        x = relu(normalize(convolve(inputs, width, f"{name}_a"), f"{name}_a"), f"{name}_a")
        x = normalize(convolve(x, width, f"{name}_b"), f"{name}_b")
        if squeeze:
            x = excite(x, width, name)
        return relu(layers.Add(name=f"{name}_add")([inputs, x]) if shortcuts else x, name)

    x = images
    for level, (width, count) in enumerate(zip(widths, blocks, strict=True), start=1):
        first, pool = f"{level}_in", layers.MaxPooling2D(2, name=f"{level}_pool")
        if halved_by == "pooled before" and level > 1:
            x = relu(normalize(convolve(pool(x), width, first), first), first)
        elif halved_by == "norm, relu, pool":
            x = pool(relu(normalize(convolve(x, width, first), first), first))
        elif halved_by == "stride":
            x = relu(normalize(convolve(x, width, first, strides=2), first), first)
        else:
            x = relu(normalize(pool(convolve(x, width, first)), first), first)
        for number in range(count):
            x = block(x, width, f"{level}" if number == 0 else f"{level}_{number + 1}")
    if maximum:
        x = layers.Add(name="maximum_too")([x, layers.GlobalMaxPooling2D(keepdims=True, name="maximum")(x)])
    return x
