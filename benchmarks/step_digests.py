"""Where two processors' arithmetic parts: a digest of every layer's output and of every gradient of one training step.

python -m benchmarks.step_digests --json results/digests/NAME.json [--networks NAME ...]
python -m benchmarks.step_digests --compare FILE FILE

Equal digests are equal bytes. Compared, the first layer of each network whose output differs is named, and the first gradient, from the
head down. Two threads, 32 synthetic faces, float32.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json
from pipeline.common.fingerprint import fingerprint
from pipeline.common.tables import print_table
from pipeline.config import params as parameters
from pipeline.dataset.arrays import to_rgb
from pipeline.faces import synthetic
from pipeline.training import backend

NETWORKS = ("Compact", "GoogLeNet", "InceptionResNetV2", "InceptionV3", "MobileNetV2", "ResNet101", "ResNet50", "Xception")
FACES, THREADS = 32, 2


def faces_and_labels(params, count=FACES):
    """Return (pixels (count, 48, 48, 3) uint8, labels (count,) int64), equal on every machine; count: at most 700."""
    pixels, _, emotions, _ = next(synthetic.generate(700, params.sources.synthetic.class_counts, 0, params.faces.size))
    labels = [params.faces.emotions.index(emotion) for emotion in emotions]
    return to_rgb(pixels)[:count], np.array(labels, np.int64)[:count]


def settings_of(network, size, epochs=1, batch_norm_faces=1):
    """Return the Settings of a small training of a network, as the demo's rows have them."""
    from pipeline.config.settings import Recipe, Settings, Sgd

    return Settings(
        row="digests", data="unbalanced", model=network, image_size=size, face_size=48, emotions=list("abcdefg"), pretrained=None,
        pretrained_sha256=None, optimizer=Sgd(name="sgd", learning_rate=0.01, momentum=0.9), recipe=Recipe(), batch_size=FACES,
        epochs=epochs, batch_norm_faces=batch_norm_faces, seed=0, fold=None, backend="tensorflow", precision="float32", devices="cpu",
        threads=THREADS,
    )  # fmt: skip


def build(network, size):
    """Return a network as a row of the demo starts with, but for a head that is not zero: behind a zero head no gradient passes."""
    from pipeline.networks.shared import classifier

    settings = settings_of(network, size)
    backend.start_for(settings)
    model = classifier.build(settings)
    kernel = model.get_layer("logits").kernel
    kernel.assign(np.random.default_rng(0).normal(0, 0.1, kernel.shape).astype(np.float32))
    return model


def step(model, pixels, labels):
    """Return {"forward": {layer: digest}, "backward": {variable: digest}} of one training step; gradients from the head down."""
    import keras
    import tensorflow as tf

    from pipeline.training.fused import fuse_batch_normalization

    fuse_batch_normalization(model)
    layers = [layer for layer in model.layers if layer.weights]
    probe, variables = keras.Model(model.inputs, [layer.output for layer in layers]), model.trainable_variables

    @tf.function(autograph=False, reduce_retracing=True)
    def run_step(faces, labels):
        with tf.GradientTape() as tape:
            outputs = probe(faces, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, outputs[-1]))
        return outputs, tape.gradient(loss, [variable.value for variable in variables])

    outputs, gradients = run_step(tf.constant(pixels), tf.constant(labels))
    forward = {layer.name: digest(value) for layer, value in zip(layers, outputs, strict=True)}
    backward = {variable.path: digest(value) for variable, value in zip(variables, gradients, strict=True)}
    return {"forward": forward, "backward": dict(reversed(backward.items()))}


def digest(value):
    """Return 8 hexadecimal digits that stand for a tensor's bytes."""
    return hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:8]


def differences(one, other):
    """Return a line a network of both: (network, direction, equal digests, all, the first that differs or "")."""
    lines = []
    for network in sorted({*one["networks"]} & {*other["networks"]}):
        for direction in ("forward", "backward"):
            a, b = (side["networks"][network][direction] for side in (one, other))
            unequal = [name for name in a if a[name] != b.get(name)]
            lines.append((network, direction, len(a) - len(unequal), len(a), unequal[0] if unequal else ""))
    return lines


def main():
    """Write the digests of this machine, or compare two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--json", type=Path, help="file for the digests")
    parser.add_argument("--compare", nargs=2, type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.compare:
        lines = differences(*(read_json(path) for path in options.compare))
        print_table(None, ("network", "direction", "equal", "of", "first that differs"), lines)
        return
    if not options.json:
        raise InputError("expected --json FILE or --compare FILE FILE, received neither")
    params, found = parameters.load(), {}
    pixels, labels = faces_and_labels(params)
    for network in options.networks:
        model = build(network, params.image_sizes.get(network, params.image_sizes["default"]))
        found[network] = step(model, pixels, labels)
        print(f"{network}: {len(found[network]['forward'])} layers, {len(found[network]['backward'])} gradients", flush=True)
        write_json(options.json, {"machine": fingerprint(), "networks": found})


if __name__ == "__main__":
    run(main)
