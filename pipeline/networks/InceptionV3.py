"""InceptionV3 (Szegedy et al., 2016; the paper's section 3.2.2)."""

from pipeline.networks.shared.applications import backbone_of, to_unit_range

MINIMUM_SIZE = 75  # pixels
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:bcbd6486424b2319ff4ef7d526e38f63",
)
scale = to_unit_range
backbone = backbone_of("InceptionV3")
