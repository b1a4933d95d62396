"""ResNet50 (He et al., 2016; the paper's section 3.2.4)."""

MINIMUM_SIZE = 32  # pixels


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to BGR less the ImageNet mean, as its ImageNet weights expect."""
    from pipeline.networks.scaling import to_centred_bgr

    return to_centred_bgr(images)


def backbone(images, weights):
    """Return the feature maps (batch, h, w, channels) of scaled images; weights is None or "imagenet"."""
    import keras

    from pipeline.networks.residual import resnet

    return resnet(keras.applications.ResNet50, images, weights)
