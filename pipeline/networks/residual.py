"""The backbone that the two ResNets share."""

import keras

LAST_NORM = "_3_bn"  # ends the name of the last batch normalisation of each residual branch


def resnet(build, images, weights):
    """Return the feature maps of keras.applications' `build` on scaled images.

    Without weights every residual branch starts at zero (gamma of its last batch normalisation; Goyal et al., 2017,
    section 5.1): from Keras' own start these networks stay at chance for hundreds of steps.
    """
    model = build(include_top=False, weights=weights, input_tensor=images)
    if weights is None:
        for layer in model.layers:
            if layer.name.endswith(LAST_NORM):
                layer.gamma.assign(keras.ops.zeros_like(layer.gamma))
    return model.output
