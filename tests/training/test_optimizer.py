import numpy as np
import pytest

from pipeline.config.settings import Recipe, Sgd
from tests.training.small import settings, small_network


def made(keras, **recipe):
    from pipeline.training.optimizer import make_optimizer

    model = small_network(keras)
    optimizer = make_optimizer(settings(optimizer=Sgd(name="sgd", learning_rate=0.1, momentum=0.9), recipe=Recipe(**recipe)), model)
    optimizer.build(model.trainable_variables)
    return model, optimizer


def test_weight_decay__shrinks_kernels_alone(keras):
    # Without a gradient a step leaves 1 - 0.1 x 0.5 of a kernel.
    from pipeline.training.fused import apply_gradients

    model, optimizer = made(keras, weight_decay=0.5)
    for variable in model.trainable_variables:
        variable.assign(np.ones(variable.shape))
    nothing = [keras.ops.zeros(variable.shape) for variable in model.trainable_variables]
    assert apply_gradients(optimizer, nothing, model.trainable_variables)
    for variable in model.trainable_variables:
        assert np.unique(variable.numpy()).tolist() == pytest.approx([0.95 if variable.name == "kernel" else 1.0]), variable.path


def test_averaged__is_the_mean_of_the_steps_and_gives_the_weights_back(keras):
    from pipeline.training.optimizer import averaged

    model, optimizer = made(keras, ema=0.5)
    bias = model.get_layer("logits").bias
    for _ in range(2):  # momentum: by -0.1, then by -0.19
        optimizer.apply([keras.ops.ones(v.shape) for v in model.trainable_variables], model.trainable_variables)
    ended = bias.numpy().copy()
    assert ended == pytest.approx([-0.29, -0.29])
    with averaged(model, optimizer):
        assert bias.numpy() == pytest.approx([0.5 * -0.1 + 0.5 * -0.29] * 2)  # Keras' average begins at the first step's weights
    assert np.array_equal(bias.numpy(), ended)


def test_averaged__without_an_average_changes_nothing(keras):
    from pipeline.training.optimizer import averaged

    model, optimizer = made(keras)
    before = [v.numpy() for v in model.variables]
    with averaged(model, optimizer):
        assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, model.variables, strict=True))
