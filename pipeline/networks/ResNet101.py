"""ResNet101 (He et al., 2016; the paper's section 3.2.4)."""

MINIMUM_SIZE = 32  # pixels
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:88cf7a10940856eca736dc7b7e228a21",
)


def scale(images):
    """Scale float RGB images (batch, height, width, 3) in [0, 255] to BGR less the ImageNet mean, as its ImageNet weights expect."""
    from pipeline.networks.scaling import to_centred_bgr

    return to_centred_bgr(images)


def backbone(images, weights):
    """Return the feature maps (batch, h, w, channels) of scaled images; weights is None or the path of a file."""
    import keras

    from pipeline.networks.residual import resnet

    return resnet(keras.applications.ResNet101, images, weights)
