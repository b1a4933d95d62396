import numpy as np


def test_re_estimate__statistics_of_all_batches_by_hand(keras):
    from pipeline.training.batch_norm import re_estimate

    layer = keras.layers.BatchNormalization()
    inputs = keras.Input((1,))
    model = keras.Model(inputs, layer(inputs))
    first, last = np.array([[0.0], [2.0], [4.0]]), np.array([[10.0]])
    re_estimate(model, lambda batch: model(batch, training=True), [first, last])
    # 0 2 4 10: mean 4, variance (16 + 4 + 0 + 36) / 4 = 14.
    assert np.allclose(layer.moving_mean, 4) and np.allclose(layer.moving_variance, 14)
    assert layer.momentum == 0.99


def test_re_estimate__without_it_they_have_not_arrived(keras):
    layer = keras.layers.BatchNormalization()
    inputs = keras.Input((1,))
    model = keras.Model(inputs, layer(inputs))
    model(np.array([[0.0], [6.0]]), training=True)
    assert np.allclose(layer.moving_mean, 0.03)  # 0.01 of 3
