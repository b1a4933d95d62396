"""MobileNetV2 (Sandler et al., 2018; the paper's section 3.2.3), width multiplier 1."""

from pipeline.networks.shared.applications import backbone_of, to_unit_range

MINIMUM_SIZE = 32  # pixels
FIXED_SIZE = True  # keras.applications pads by the input's size: left open, it makes another network
IMAGENET = (
    "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
    # keras.applications names no hash for this one; three public projects that pin it agree
    "sha256:f8aff69536bd77a692c594f559c798c19bf7f3f36668fc9fa00b21c6aab4797c",
)
scale = to_unit_range
backbone = backbone_of("MobileNetV2")
