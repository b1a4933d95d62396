"""InceptionResNetV2 (Szegedy et al., 2017; the paper's section 3.2.1)."""

MINIMUM_SIZE = 75  # pixels


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1], as its ImageNet weights expect."""
    from pipeline.networks.scaling import to_unit_range

    return to_unit_range(images)


def backbone(images, weights):
    """Return the feature maps (batch, h, w, channels) of scaled images; weights is None or "imagenet"."""
    import keras

    return keras.applications.InceptionResNetV2(include_top=False, weights=weights, input_tensor=images).output
