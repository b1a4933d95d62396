"""The two input scalings of the ImageNet networks, as layers, so that a model takes raw pixels."""

import keras

IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)


def to_unit_range(images):
    """Scale images in [0, 255] to [-1, 1] (Inception, MobileNet and Xception weights)."""
    return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="to_unit_range")(images)


def to_centred_bgr(images):
    """Reorder RGB images in [0, 255] to BGR and subtract the ImageNet mean (ResNet weights)."""
    negative_mean = [-mean for mean in IMAGENET_MEAN_BGR]
    return keras.layers.Rescaling(1.0, offset=negative_mean, name="to_centred_bgr")(images[..., ::-1])
