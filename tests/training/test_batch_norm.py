import numpy as np


def test_re_estimate__statistics_of_all_batches_by_hand(keras):
    from pipeline.training.batch_norm import re_estimate

    layer = keras.layers.BatchNormalization()
    inputs = keras.Input((1,))
    model = keras.Model(inputs, layer(inputs))
    first, second = np.array([[0.0], [2.0]]), np.array([[4.0], [6.0]])
    re_estimate(model, lambda batch: model(batch, training=True), [first, second])
    # 0 2 4 6: mean 3, variance (9 + 1 + 1 + 9) / 4 = 5.
    assert np.allclose(layer.moving_mean, 3) and np.allclose(layer.moving_variance, 5)
    assert layer.momentum == 0.99


def test_re_estimate__without_it_they_have_not_arrived(keras):
    layer = keras.layers.BatchNormalization()
    inputs = keras.Input((1,))
    model = keras.Model(inputs, layer(inputs))
    model(np.array([[0.0], [6.0]]), training=True)
    assert np.allclose(layer.moving_mean, 0.03)  # 0.01 of 3
