"""Xception (Chollet, 2017; the paper's section 3.2.5), at 48 px below its published minimum of 71 px, as the paper ran it."""

MINIMUM_SIZE = 48  # pixels
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:b0042744bf5b25fce3cb969f33bebb97",
)


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1], as its ImageNet weights expect."""
    from pipeline.networks.scaling import to_unit_range

    return to_unit_range(images)


def backbone(images, weights):
    """Return the feature maps (batch, h, w, channels) of scaled images; weights is None or the path of a file."""
    import keras

    return keras.applications.Xception(include_top=False, weights=weights, input_tensor=images).output
