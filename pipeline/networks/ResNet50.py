"""ResNet50 (He et al., 2016; the paper's section 3.2.4)."""

from pipeline.networks.shared.applications import backbone_of, to_centred_bgr

MINIMUM_SIZE = 32  # pixels
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:4d473c1dd8becc155b73f8504c6f6626",
)
scale = to_centred_bgr
backbone = backbone_of("ResNet50", residual_at_zero=True)
