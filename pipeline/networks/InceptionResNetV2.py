"""InceptionResNetV2 (Szegedy et al., 2017; the paper's section 3.2.1)."""

from pipeline.networks.shared.applications import backbone_of, to_unit_range

MINIMUM_SIZE = 75  # pixels
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_resnet_v2/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:d19885ff4a710c122648d3b5c3b684e4",
)
scale = to_unit_range
backbone = backbone_of("InceptionResNetV2")
