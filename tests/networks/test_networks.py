from importlib import import_module

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.config.rows import NETWORKS

SIZES = {"InceptionResNetV2": 75, "InceptionV3": 75}
# Parameters without top, as keras.applications and (GoogLeNet) TF-slim count them, and a head of 7 classes.
PARAMETERS = {
    "InceptionResNetV2": 54_336_736 + 1536 * 7 + 7,
    "InceptionV3": 21_802_784 + 2048 * 7 + 7,
    "MobileNetV2": 2_257_984 + 1280 * 7 + 7,
    "ResNet50": 23_587_712 + 2048 * 7 + 7,
    "ResNet101": 42_658_176 + 2048 * 7 + 7,
    "Xception": 20_861_480 + 2048 * 7 + 7,
    "GoogLeNet": 5_607_184 + 1024 * 7 + 7,
    # By level: kernels 9 x in x out of three convolutions, and four numbers a channel in each of their normalisations.
    "Compact": sum(9 * n * w + 2 * 9 * w * w + 3 * 4 * w for n, w in ((1, 32), (32, 64), (64, 128), (128, 256))) + 256 * 7 + 7,
    "CompactWide": sum(9 * n * w + 2 * 9 * w * w + 3 * 4 * w for n, w in ((1, 32), (32, 80), (80, 160), (160, 320))) + 320 * 7 + 7,
}


def settings_of(model, tiny_settings, **change):
    size = {"image_size": SIZES.get(model, 48), "face_size": 48}
    return tiny_settings.model_copy(update={"model": model, "emotions": list("abcdefg")} | size | change)


@pytest.mark.parametrize("model", NETWORKS)
def test_build__pixels_in_logits_out(keras, tiny_settings, model):
    from pipeline.networks.shared.classifier import build

    built = build(settings_of(model, tiny_settings))
    assert built.input_shape == (None, 48, 48, 3) and built.output_shape == (None, 7)
    assert built.inputs[0].dtype == "uint8" and built.outputs[0].dtype == "float32"
    assert built.count_params() == PARAMETERS[model]
    assert all(layer.trainable for layer in built.layers)


def test_build__weights_files_of_equal_weights_are_equal(keras, tiny_settings, tmp_path):
    # Automatic layer names count on through a process; a file must not know what was built before.
    from pipeline.networks.shared.classifier import build
    from pipeline.training import backend

    settings = settings_of("InceptionV3", tiny_settings)
    for name in ("a", "b"):
        backend.start(0)
        build(settings).save_weights(tmp_path / f"{name}.weights.h5")
    assert (tmp_path / "a.weights.h5").read_bytes() == (tmp_path / "b.weights.h5").read_bytes()


def test_scale__values_that_imagenet_weights_expect(keras):
    from pipeline.networks.shared import applications

    image = np.array([[[[0.0, 127.5, 255.0]]]], np.float32)  # R, G, B
    assert np.allclose(applications.to_unit_range(image), [[[[-1, 0, 1]]]])
    assert np.allclose(applications.to_centred_bgr(image), [[[[255 - 103.939, 127.5 - 116.779, -123.68]]]], atol=1e-4)


def write_checkpoint(path, model, change=None, head=None):
    """Write a TF-slim-shaped checkpoint for `model` with random values and return them by name."""
    import re

    import tensorflow as tf

    random, values = np.random.default_rng(0), {}
    for layer in model.layers:
        if not layer.weights or layer.name == head:
            continue
        scope = re.sub(r"_(Branch_\d)_", r"/\1/", layer.name.removesuffix("_BatchNorm"))
        scope = scope.replace("Mixed_5b/Branch_2/Conv2d_0b", "Mixed_5b/Branch_2/Conv2d_0a")
        names = {"beta": "BatchNorm/beta", "moving_mean": "BatchNorm/moving_mean", "moving_variance": "BatchNorm/moving_variance"}
        for variable in layer.weights:
            name = f"InceptionV1/{scope}/{names.get(variable.name, 'weights')}"
            if name.endswith("/weights"):  # He's initialisation, so that signals neither die nor explode
                value = random.normal(0, (2 / np.prod(variable.shape[:-1])) ** 0.5, variable.shape)
            else:
                value = random.uniform(0.5, 1.5, variable.shape)
            values[name] = value.astype(np.float32)
    values["InceptionV1/Logits/Conv2d_0c_1x1/weights"] = np.zeros((1, 1, 1024, 1001), np.float32)
    values |= change or {}
    values = {name: value for name, value in values.items() if value is not None}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [tf.compat.v1.get_variable(name, initializer=value) for name, value in values.items()]
        session.run(tf.compat.v1.variables_initializer(variables))
        # The first format, one file, as TF-slim's archive holds it.
        tf.compat.v1.train.Saver(variables, write_version=tf.compat.v1.train.SaverDef.V1).save(session, str(path), write_meta_graph=False)
    return values


FIRST = "InceptionV1/Conv2d_1a_7x7/weights"


@pytest.fixture
def googlenet(keras):
    network = import_module("pipeline.networks.GoogLeNet")
    keras.utils.clear_session()
    images = keras.Input((48, 48, 3))
    return network, keras.Model(images, network.backbone(images, None))


def test_googlenet__every_variable_of_a_checkpoint_finds_its_place(googlenet, tmp_path):
    network, model = googlenet
    values = write_checkpoint(tmp_path / "inception_v1.ckpt", model)
    network.load(model, str(tmp_path / "inception_v1.ckpt"))
    assert np.array_equal(model.get_layer("Conv2d_1a_7x7").kernel.numpy(), values[FIRST])
    deep = model.get_layer("Mixed_5b_Branch_2_Conv2d_0b_3x3_BatchNorm")
    assert np.array_equal(deep.moving_mean.numpy(), values["InceptionV1/Mixed_5b/Branch_2/Conv2d_0a_3x3/BatchNorm/moving_mean"])
    loaded = sum((w.numpy() ** 2).sum() for w in model.weights)
    assert loaded == pytest.approx(sum((v**2).sum() for v in values.values()), rel=1e-4)


def slim_inception_v1(images, read):
    """Return the feature maps of TF-slim's inception_v1_base, written from its article and scopes with tf.nn alone."""
    import tensorflow as tf

    def convolve(x, scope, strides=1):
        x = tf.nn.conv2d(x, read(f"InceptionV1/{scope}/weights"), strides, "SAME")
        beta, mean, variance = (read(f"InceptionV1/{scope}/BatchNorm/{name}") for name in ("beta", "moving_mean", "moving_variance"))
        return tf.nn.relu((x - mean) / tf.sqrt(variance + 0.001) + beta)

    def mixed(x, scope):
        last = "Conv2d_0a_3x3" if scope == "Mixed_5b" else "Conv2d_0b_3x3"
        branches = [
            convolve(x, f"{scope}/Branch_0/Conv2d_0a_1x1"),
            convolve(convolve(x, f"{scope}/Branch_1/Conv2d_0a_1x1"), f"{scope}/Branch_1/Conv2d_0b_3x3"),
            convolve(convolve(x, f"{scope}/Branch_2/Conv2d_0a_1x1"), f"{scope}/Branch_2/{last}"),
            convolve(tf.nn.max_pool2d(x, 3, 1, "SAME"), f"{scope}/Branch_3/Conv2d_0b_1x1"),
        ]
        return tf.concat(branches, 3)

    x = tf.nn.max_pool2d(convolve(images, "Conv2d_1a_7x7", 2), 3, 2, "SAME")
    x = convolve(convolve(x, "Conv2d_2b_1x1"), "Conv2d_2c_3x3")
    x = tf.nn.max_pool2d(x, 3, 2, "SAME")
    x = mixed(mixed(x, "Mixed_3b"), "Mixed_3c")
    x = tf.nn.max_pool2d(x, 3, 2, "SAME")
    for letter in "bcdef":
        x = mixed(x, f"Mixed_4{letter}")
    x = tf.nn.max_pool2d(x, 2, 2, "SAME")
    return mixed(mixed(x, "Mixed_5b"), "Mixed_5c")


@pytest.mark.parametrize("size", [48, 224])
def test_googlenet__outputs_of_a_checkpoint_are_tf_slims(keras, tmp_path, size):
    import tensorflow as tf

    network = import_module("pipeline.networks.GoogLeNet")
    images = keras.Input((size, size, 3))
    model = keras.Model(images, network.backbone(images, None))
    values = write_checkpoint(tmp_path / "inception_v1.ckpt", model)
    network.load(model, str(tmp_path / "inception_v1.ckpt"))
    reader, read = tf.train.load_checkpoint(str(tmp_path / "inception_v1.ckpt")), []
    given = np.random.default_rng(1).uniform(-1, 1, (2, size, size, 3)).astype(np.float32)
    expected = slim_inception_v1(given, lambda name: read.append(name) or reader.get_tensor(name))
    received = model(given, training=False)
    assert received.shape == expected.shape == (2, size // 32 + (size % 32 > 0), size // 32 + (size % 32 > 0), 1024)
    assert 0.1 < float(tf.math.reduce_std(expected)) < 100
    np.testing.assert_allclose(received, expected, rtol=1e-3, atol=1e-4 * float(tf.reduce_max(expected)))
    assert sorted(read) == sorted(name for name in values if "/Logits/" not in name)  # every variable, once


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({FIRST: None}, "expected InceptionV1/Conv2d_1a_7x7/weights of shape .7, 7, 3, 64., received None"),
        ({FIRST: np.zeros((3, 3, 3, 64), np.float32)}, r"received \[3, 3, 3, 64\]"),
        ({"InceptionV1/Mixed_6a/weights": np.zeros(1, np.float32)}, "received InceptionV1/Mixed_6a/weights too"),
    ],
)
def test_googlenet__checkpoint_that_does_not_fit_is_refused(googlenet, tmp_path, change, message):
    network, model = googlenet
    write_checkpoint(tmp_path / "c.ckpt", model, change)
    with pytest.raises(InputError, match=message):
        network.load(model, str(tmp_path / "c.ckpt"))
