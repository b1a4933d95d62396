"""Xception (Chollet, 2017; the paper's section 3.2.5), at 48 px below its published minimum of 71 px, as the paper ran it."""

from pipeline.networks.shared.applications import backbone_of, to_unit_range

MINIMUM_SIZE = 48  # pixels
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:b0042744bf5b25fce3cb969f33bebb97",
)
scale = to_unit_range
backbone = backbone_of("Xception")
