"""InceptionV3 (Szegedy et al., 2016; the paper's section 3.2.2)."""

MINIMUM_SIZE = 75  # pixels
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:bcbd6486424b2319ff4ef7d526e38f63",
)


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1], as its ImageNet weights expect."""
    from pipeline.networks.scaling import to_unit_range

    return to_unit_range(images)


def backbone(images, weights):
    """Return the feature maps (batch, h, w, channels) of scaled images; weights is None or the path of a file."""
    import keras

    return keras.applications.InceptionV3(include_top=False, weights=weights, input_tensor=images).output
