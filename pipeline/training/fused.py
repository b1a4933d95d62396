"""Batch normalisation and optimizer updates as single TensorFlow kernels: Keras' arithmetic in a tenth of the operations.

Keras writes both out in elementary operations; tracing them is half of the wait for the first step, running them up to a
quarter of a step.
"""

from types import MethodType

import keras
import tensorflow as tf


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
