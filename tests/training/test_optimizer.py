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


def test_keras__has_the_private_names_that_are_used(keras):
    """fused.py, optimizer.py and jax_steps.py reach into Keras' optimizers: an update of Keras that renames these fails here, by name."""
    variables = [keras.Variable(np.ones(2, np.float32), name="kernel")]
    for optimizer in (keras.optimizers.Adam(0.1, use_ema=True), keras.optimizers.SGD(0.1, momentum=0.9, use_ema=True)):
        optimizer.build(variables)
        for name in ("_learning_rate", "_use_weight_decay", "_model_variables_moving_average"):
            assert hasattr(optimizer, name), name
    adam = keras.optimizers.Adam(0.1)
    adam.build(variables)
    assert len(adam._momentums) == len(adam._velocities) == 1
    assert callable(adam._use_weight_decay) and adam._use_weight_decay(variables[0])
