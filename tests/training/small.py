"""Trains a small network in a process of its own, for a backend or a number of devices: prints its epochs as JSON.

python -m tests.training.small BACKEND DEVICES PRECISION [WEIGHTS FILE]
"""

import json
import sys

import numpy as np


def faces_of_two_kinds(count=16):
    """Dark faces are class 0, bright ones class 1: learnable at once."""
    labels = np.arange(count) % 2
    noise = np.random.default_rng(0).integers(0, 40, (count, 32, 32, 3))
    return (noise + 180 * labels[:, None, None, None]).astype(np.uint8), labels.astype(np.int64)


def small_network(keras, side=32):
    """A convolution, a normalisation and a zero head: traced in a moment, and all that fit has to handle."""
    faces = keras.Input((side, side, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(faces)
    x = keras.layers.Conv2D(8, 3, strides=2)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(faces, keras.layers.Dense(2, kernel_initializer="zeros", dtype="float32", name="logits")(x))


def settings(**change):
    """Settings of a row of two emotions at 32 px that trains in a second."""
    from pipeline.config.settings import Recipe, Settings, Sgd

    values = dict(
        row="tiny", data="unbalanced", model="MobileNetV2", image_size=32, face_size=32, emotions=["sad", "happy"], pretrained=None,
        pretrained_sha256=None, optimizer=Sgd(name="sgd", learning_rate=0.01, momentum=0.9), recipe=Recipe(), batch_size=4, epochs=2,
        batch_norm_faces=8, seed=0, fold=None, backend="tensorflow", precision="float32", devices="auto", threads=None,
    )  # fmt: skip
    return Settings(**(values | change))


def logical_devices(backend, count):
    """Return `count` devices made of the one CPU."""
    if backend == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
        return [f"CPU:{index}" for index in range(count)]
    import jax

    return jax.devices()[:count]


def main(backend_name, count, precision, weights=None):
    """Train 3 epochs of 14 faces with a full recipe, in batches of 5, 5 and 4, which two devices cannot all share equally."""
    from pipeline.config.settings import Adam, Augmentation, Recipe, SizePhase
    from pipeline.training import backend

    keras = backend.start(0, backend_name, precision)
    names = logical_devices(backend_name, count) if count > 1 else []
    from pipeline.training import devices
    from pipeline.training.fit import fit
    from pipeline.training.steps import make_steps

    adam = Adam(name="adam", learning_rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    pixels, labels = faces_of_two_kinds()
    logs = []
    with devices.shared(names) as strategy:
        model = small_network(keras, None)
        given = np.random.default_rng(1)  # the same start on every backend
        for variable in model.trainable_variables:
            variable.assign(given.normal(0, 0.2, variable.shape))
        recipe = Recipe(
            schedule="one-cycle", warm_up=0.3, weight_decay=0.1, clip_norm=0.05, label_smoothing=0.1, ema=0.5, class_weighting="loss",
            progressive_resizing=[SizePhase(until=0.4, size=24)], 
            augmentation=Augmentation(flip=True, translate=0.1, brightness=0.1, random_erasing=0.5, mixup=0.2),
        )  # fmt: skip
        chosen = settings(batch_size=5, epochs=3, optimizer=adam, precision=precision, backend=backend_name, recipe=recipe)
        training, validation = (np.arange(14), labels[:14]), (np.array([14, 15]), labels[14:])
        fit(model, pixels, training, validation, chosen, lambda *_: None, lambda _, log: logs.append(log), strategy)
        if weights:
            model.save_weights(weights)
        logits = make_steps(model).infer(pixels)
    dtypes = sorted({str(np.dtype(variable.dtype)) for variable in model.variables})
    print(json.dumps({"logs": logs, "logits": logits.tolist(), "replicas": max(1, len(names)), "dtypes": dtypes}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
