import numpy as np
import pytest


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(3, 2, (4, 5, 5, 3)).astype(np.float32)


@pytest.mark.parametrize(("scale", "momentum"), [(True, 0.0), (False, 0.0), (True, 0.9)])
def test_batch_normalization__is_keras_own(keras, images, scale, momentum):
    import tensorflow as tf

    from pipeline.training.fused import fuse_batch_normalization, normalize

    models = []
    for _ in range(2):
        inputs = keras.Input((5, 5, 3))
        layer = keras.layers.BatchNormalization(momentum=momentum, scale=scale)
        models.append(keras.Model(inputs, layer(inputs)))
    fuse_batch_normalization(models[1])
    assert models[1].layers[1].call.__func__ is normalize
    found = []
    for model in models:
        layer = model.layers[1]
        layer.beta.assign([0.1, 0.2, 0.3])
        with tf.GradientTape() as tape:
            outputs = model(images, training=True)
            loss = tf.reduce_sum(outputs**3)
        gradients = tape.gradient(loss, [v.value for v in layer.trainable_variables])
        state = [] if momentum else [layer.moving_mean.numpy(), layer.moving_variance.numpy(), model(images, training=False)]
        found.append([outputs, *gradients, *state])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    # By hand: the batch's mean and (biased) variance with momentum 0, and the initial ones with any other.
    mean, variance = ([0, 0, 0], [1, 1, 1]) if momentum else (images.mean((0, 1, 2)), images.var((0, 1, 2)))
    np.testing.assert_allclose(models[1].layers[1].moving_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(models[1].layers[1].moving_variance.numpy(), variance, rtol=1e-5)


def test_batch_normalization__form_that_the_kernel_lacks_is_refused(keras):
    from pipeline.training.fused import fuse_batch_normalization

    inputs = keras.Input((5, 5, 3))
    with pytest.raises(ValueError, match="expected a batch normalisation with beta"):
        fuse_batch_normalization(keras.Model(inputs, keras.layers.BatchNormalization(center=False)(inputs)))


def optimizers(keras):
    parts = {"weight_decay": 0.1, "global_clipnorm": 2.0}
    plain = [keras.optimizers.Adam(0.1), keras.optimizers.SGD(0.1, momentum=0.9)]
    return [*plain, keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, **parts), keras.optimizers.Adam(0.1, **parts)]


@pytest.mark.parametrize("index", range(4))
def test_apply_gradients__is_keras_own(keras, index):
    from pipeline.training.fused import apply_gradients

    gradients = [np.array(g, np.float32) for g in ([1, -2], [0.5, 0], [-3, 4])]
    ended = []
    for fused in (False, True):
        optimizer, variable = optimizers(keras)[index], keras.Variable([1.0, 2.0])
        optimizer.build([variable])
        for gradient in gradients:
            if fused:
                assert apply_gradients(optimizer, [keras.ops.convert_to_tensor(gradient)], [variable])
            else:
                optimizer.apply([gradient], [variable])
        assert int(optimizer.iterations.numpy()) == 3
        ended.append(variable.numpy())
    np.testing.assert_allclose(*ended, rtol=5e-6)


def test_apply_gradients__first_adam_step_moves_by_the_learning_rate(keras):
    # m and v are corrected to g and g squared: the step is lr g / |g|.
    from pipeline.training.fused import apply_gradients

    optimizer, variable = keras.optimizers.Adam(0.1), keras.Variable([1.0, 2.0])
    optimizer.build([variable])
    apply_gradients(optimizer, [keras.ops.convert_to_tensor([5.0, -1.0])], [variable])
    np.testing.assert_allclose(variable.numpy(), [0.9, 2.1], rtol=1e-5)


@pytest.mark.parametrize("extra", [{"clipnorm": 1.0}, {"use_ema": True}, {"momentum": 0.0}])
def test_apply_gradients__leaves_the_rest_to_keras(keras, extra):
    from pipeline.training.fused import apply_gradients

    optimizer, variable = keras.optimizers.SGD(0.1, **({"momentum": 0.9} | extra)), keras.Variable([1.0])
    optimizer.build([variable])
    assert not apply_gradients(optimizer, [keras.ops.convert_to_tensor([1.0])], [variable])
    assert variable.numpy() == [1.0] and int(optimizer.iterations.numpy()) == 0


@pytest.mark.parametrize("kernel", [(3, 3), (1, 5)])
@pytest.mark.parametrize(("sides", "known"), [((4, 3), True), ((4, 3), False), ((11, 10), True), ((11, 10), False)])
def test_convolve__is_tensorflows_own(keras, monkeypatch, kernel, sides, known):
    import tensorflow as tf

    from pipeline.training import fused

    random = np.random.default_rng(0)
    images = random.normal(size=(6, *sides, 2)).astype(np.float32)
    weights = random.normal(size=(*kernel, 2, 3)).astype(np.float32)
    called = []
    plain = tf.raw_ops.Conv2DBackpropFilter
    monkeypatch.setattr(fused.tf.raw_ops, "Conv2DBackpropFilter", lambda **given: called.append(1) or plain(**given))
    signature = [tf.TensorSpec((None, *(sides if known else (None, None)), 2)), tf.TensorSpec(weights.shape)]

    def gradients(convolution):
        def both(x, w):
            with tf.GradientTape() as tape:
                tape.watch([x, w])
                y = convolution(x, w)
                loss = tf.reduce_sum(y**3)
            return y, *tape.gradient(loss, [x, w])

        return tf.function(both, input_signature=signature, autograph=False)(images, weights)

    found = [gradients(fused.convolve)]
    assert bool(called) == (not known or sides == (11, 10))  # 12 positions are few, 110 are not; where they are unknown, the step finds out
    found.append(gradients(lambda x, w: tf.nn.conv2d(x, w, 1, "SAME")))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)


def test_fuse_convolutions__those_that_gain_by_it(keras):
    from pipeline.training.fused import convolve, fuse_convolutions

    def layer(name, kernel=3, **given):
        return keras.layers.Conv2D(4, kernel, name=name, **{"padding": "same", "dtype": "mixed_bfloat16"} | given)

    x = inputs = keras.Input((8, 8, 1))
    for one in (
        layer("first"),
        layer("plain"),
        layer("long", (1, 7)),
        layer("float32", dtype="float32"),
        layer("even", 2),
        layer("points", 1),
        layer("strided", strides=2),
        layer("dilated", dilation_rate=2),
        layer("grouped", groups=2),
        layer("valid", padding="valid"),
    ):
        x = one(x)
    model = keras.Model(inputs, x)
    fuse_convolutions(model)
    assert [one.name for one in model.layers if getattr(one, "convolution_op", None) is convolve] == ["plain", "long"]
