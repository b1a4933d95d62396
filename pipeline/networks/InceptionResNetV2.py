"""InceptionResNetV2 (Szegedy et al., 2017; the paper's section 3.2.1)."""

MINIMUM_SIZE = 75  # pixels
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_resnet_v2/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:d19885ff4a710c122648d3b5c3b684e4",
)


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to [-1, 1], as its ImageNet weights expect."""
    from pipeline.networks.scaling import to_unit_range

    return to_unit_range(images)


def backbone(images, weights):
    """Return the feature maps (batch, h, w, channels) of scaled images; weights is None or the path of a file."""
    import keras

    return keras.applications.InceptionResNetV2(include_top=False, weights=weights, input_tensor=images).output
