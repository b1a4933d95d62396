"""The networks that keras.applications builds, and the two input scalings that ImageNet weights expect.

Keras is imported where a network is built: resolve reads a network's facts without it.
"""

IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)
LAST_NORM = "_3_bn"  # ends the name of the last batch normalisation of each residual branch


def to_unit_range(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1] (Inception, MobileNet and Xception weights)."""
    import keras

    return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="to_unit_range")(images)


def to_centred_bgr(images):
    """Reorder float RGB images (batch, height, width, 3) in [0, 255] to BGR and subtract the ImageNet mean (ResNet weights)."""
    import keras

    negative_mean = [-mean for mean in IMAGENET_MEAN_BGR]
    return keras.layers.Rescaling(1.0, offset=negative_mean, name="to_centred_bgr")(images[..., ::-1])


def backbone_of(name, residual_at_zero=False):
    """Return the function backbone(images, weights) of the network that keras.applications knows by `name`.

    It returns the feature maps (batch, h, w, channels) of scaled images; weights is None or the path of a file. residual_at_zero: without
    weights every residual branch starts at zero (gamma of its last batch normalisation; Goyal et al., 2017, section 5.1): from Keras' own
    start the ResNets stay at chance for hundreds of steps.
    """

    def backbone(images, weights):
        import keras

        model = getattr(keras.applications, name)(include_top=False, weights=weights, input_tensor=images)
        if residual_at_zero and weights is None:
            for layer in model.layers:
                if layer.name.endswith(LAST_NORM):
                    layer.gamma.assign(keras.ops.zeros_like(layer.gamma))
        return model.output

    return backbone
