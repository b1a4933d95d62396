"""Batch normalisation and optimizer updates as single TensorFlow kernels, and a quicker gradient of convolutions: Keras' arithmetic.

Keras writes the first two out in elementary operations; tracing them is half of the wait for the first step, running them up to a
quarter of a step.
"""

from types import MethodType

import keras
import tensorflow as tf

SMALL = 100  # positions of a map up to which a kernel's gradient is quicker as a convolution, in bfloat16


def normalize(layer, inputs, training=None, mask=None):
    """Stand in for call() of a keras.layers.BatchNormalization over the last axis of (batch, h, w, channels): FusedBatchNormV3.

    The moving statistics become a batch's where the momentum is 0, and stay as they are otherwise: batch_norm.re_estimate sets it to 0 and
    replaces whatever a training would gather before anything reads it.
    """
    gamma = layer.gamma.value if layer.scale else tf.ones(layer.moving_mean.shape)
    arguments = {"epsilon": layer.epsilon, "is_training": bool(training)}
    if not training:
        arguments |= {"mean": layer.moving_mean.value, "variance": layer.moving_variance.value}
    outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(inputs, gamma, layer.beta.value, **arguments)
    if training and not layer.momentum:
        count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), variance.dtype)
        layer.moving_mean.value.assign(mean)
        layer.moving_variance.value.assign(variance * ((count - 1) / count))  # the kernel's is the unbiased one, Keras keeps the biased one
    return outputs


def fuse_batch_normalization(model):
    """Let every batch normalisation of `model` compute by normalize(); layers, names and weights files stay as they are."""
    for layer in model.layers:
        if type(layer) is keras.layers.BatchNormalization:
            if layer.axis not in (-1, 3) or len(layer.input.shape) != 4 or not layer.center or layer.renorm:
                raise ValueError(f"{layer.name}: expected a batch normalisation with beta over the last of 4 axes")
            layer.call = MethodType(normalize, layer)


@tf.custom_gradient
def convolve(inputs, kernel):
    """Return the convolution of inputs (n, h, w, c) with a kernel (odd, odd, c, o), stride 1 and "same" padding.

    Its kernel's gradient is a convolution too, of the inputs with the outputs' gradient as the kernel, where the map is small:
    dW[i, j, c, o] = sum over n, y, x of inputs[n, y + i, x + j, c] dY[n, y, x, o], with c in the place of the images and n in that of the
    channels. oneDNN's bfloat16 kernels compute that up to three times as fast as the gradient that they have (docs/speed.md).
    """
    kernel = tf.convert_to_tensor(kernel)

    def gradient(outputs):
        given = {"out_backprop": outputs, "strides": [1, 1, 1, 1], "padding": "SAME"}

        def as_convolution():
            sides = [(side // 2, side // 2) for side in kernel.shape[:2]]
            images, filters = tf.transpose(inputs, (3, 1, 2, 0)), tf.transpose(outputs, (1, 2, 0, 3))
            return tf.transpose(tf.nn.conv2d(images, filters, 1, [(0, 0), *sides, (0, 0)]), (1, 2, 0, 3))

        def as_gradient():
            return tf.raw_ops.Conv2DBackpropFilter(input=inputs, filter_sizes=kernel.shape, **given)

        of_inputs = tf.raw_ops.Conv2DBackpropInput(input_sizes=tf.shape(inputs), filter=kernel, **given)
        positions = inputs.shape[1:3].num_elements()
        if positions is None:  # faces of several sizes come in
            return of_inputs, tf.cond(tf.reduce_prod(tf.shape(inputs)[1:3]) <= SMALL, as_convolution, as_gradient)
        return of_inputs, as_convolution() if positions <= SMALL else as_gradient()

    return tf.nn.conv2d(inputs, kernel, 1, "SAME"), gradient


def fuse_convolutions(model):
    """Let the convolutions of `model` for which that pays compute by convolve(): bfloat16, stride 1, more than one channel."""
    for layer in model.layers:
        if type(layer) is keras.layers.Conv2D and layer.compute_dtype == "bfloat16" and layer.padding == "same" and layer.groups == 1:
            height, width, channels, _ = layer.kernel.shape
            odd, plain = height % 2 and width % 2 and height * width > 1, layer.strides == layer.dilation_rate == (1, 1)
            if odd and plain and channels > 1 and layer.data_format == "channels_last":
                layer.convolution_op = convolve


def apply_gradients(optimizer, gradients, variables):
    """Update `variables`, a list of Keras variables, by one step of keras.optimizers.Adam or SGD; True if it can be done here.

    Everything that no recipe asks for, and the moving average, is left to Keras' own apply().
    """
    extras = ("clipnorm", "clipvalue", "use_ema", "loss_scale_factor", "gradient_accumulation_steps", "amsgrad")
    known = type(optimizer) is keras.optimizers.Adam or (type(optimizer) is keras.optimizers.SGD and optimizer.momentum)
    if not known or any(getattr(optimizer, extra, None) for extra in extras) or any(g is None for g in gradients):
        return False
    rate = tf.convert_to_tensor(optimizer.learning_rate)
    if optimizer.global_clipnorm:
        gradients, _ = tf.clip_by_global_norm(gradients, optimizer.global_clipnorm)
    if optimizer.weight_decay:
        for variable in filter(optimizer._use_weight_decay, variables):
            variable.value.assign_sub(variable.value * (rate * optimizer.weight_decay))
    if type(optimizer) is keras.optimizers.SGD:
        constants = {"lr": rate, "momentum": tf.constant(optimizer.momentum), "use_nesterov": optimizer.nesterov}
        for variable, momentum, gradient in zip(variables, optimizer.momentums, gradients, strict=True):
            tf.raw_ops.ResourceApplyKerasMomentum(var=variable.value.handle, accum=momentum.value.handle, grad=gradient, **constants)
    else:
        step = tf.cast(optimizer.iterations.value + 1, tf.float32)
        powers = {"beta1_power": tf.pow(optimizer.beta_1, step), "beta2_power": tf.pow(optimizer.beta_2, step)}
        numbers = {"beta1": optimizer.beta_1, "beta2": optimizer.beta_2, "epsilon": optimizer.epsilon}  # each once
        constants = {name: tf.constant(value) for name, value in numbers.items()} | {"lr": rate} | powers
        for variable, m, v, gradient in zip(variables, optimizer._momentums, optimizer._velocities, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(var=variable.value.handle, m=m.value.handle, v=v.value.handle, grad=gradient, **constants)
    optimizer.iterations.value.assign_add(1)
    return True
