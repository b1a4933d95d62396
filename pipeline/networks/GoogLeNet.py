"""GoogLeNet (Szegedy et al., 2015; the paper's section 3.2.6) in the batch-normalised form of TF-slim's Inception v1.

That form is the one whose ImageNet weights can be had: batch normalisation without gamma in place of local response normalisation, 3x3
where the article has 5x5, "same" padding. The article's two auxiliary classifiers and its dropout before the last layer are left out (a
recipe may ask for dropout). Layer names are the checkpoint's variable scopes, "/" written "_".
"""

import gzip
import re
import tarfile
import tempfile
import zlib

from pipeline.common.errors import InputError
from pipeline.networks.shared.applications import to_unit_range

MINIMUM_SIZE = 32  # pixels
IMAGENET = (
    "https://download.tensorflow.org/models/inception_v1_2016_08_28.tar.gz",
    "sha256:7a620c430fcaba8f8f716241f5148c4c47c035cce4e49ef02cfbe6cd1adf96a6",
)
CHECKPOINT = "inception_v1.ckpt"  # in that archive
CHECKPOINT_BYTES = 2**28  # at most, unpacked

# name: channels of the 1x1 branch, the 3x3 branch (reduced, full), the second 3x3 branch (reduced, full), the pooled branch
INCEPTION_BLOCKS = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
POOL_AFTER = {"Mixed_3c": 3, "Mixed_4f": 2}  # block: size of the stride-2 pool behind it

scale = to_unit_range


def backbone(images, weights):
    """Return the feature maps (batch, h, w, 1024) of scaled images; weights is None or the path of a file."""
    from keras import Model, layers

    def convolve(inputs, channels, size, scope, strides=1):
        name = scope.replace("/", "_")
        outputs = layers.Conv2D(channels, size, strides, padding="same", use_bias=False, name=name)(inputs)
        outputs = layers.BatchNormalization(scale=False, epsilon=0.001, name=f"{name}_BatchNorm")(outputs)
        return layers.ReLU(name=f"{name}_ReLU")(outputs)

    def inception(inputs, channels, scope):
        one, reduced_a, full_a, reduced_b, full_b, pooled = channels
        pool = layers.MaxPooling2D(3, 1, padding="same", name=f"{scope}_Branch_3_MaxPool_0a_3x3")(inputs)
        return layers.Concatenate(name=scope)(
            [
                convolve(inputs, one, 1, f"{scope}/Branch_0/Conv2d_0a_1x1"),
                convolve(convolve(inputs, reduced_a, 1, f"{scope}/Branch_1/Conv2d_0a_1x1"), full_a, 3, f"{scope}/Branch_1/Conv2d_0b_3x3"),
                convolve(convolve(inputs, reduced_b, 1, f"{scope}/Branch_2/Conv2d_0a_1x1"), full_b, 3, f"{scope}/Branch_2/Conv2d_0b_3x3"),
                convolve(pool, pooled, 1, f"{scope}/Branch_3/Conv2d_0b_1x1"),
            ]
        )

    x = convolve(images, 64, 7, "Conv2d_1a_7x7", strides=2)
    x = layers.MaxPooling2D(3, 2, padding="same", name="MaxPool_2a_3x3")(x)
    x = convolve(x, 64, 1, "Conv2d_2b_1x1")
    x = convolve(x, 192, 3, "Conv2d_2c_3x3")
    x = layers.MaxPooling2D(3, 2, padding="same", name="MaxPool_3a_3x3")(x)
    for scope, channels in INCEPTION_BLOCKS.items():
        x = inception(x, channels, scope)
        if scope in POOL_AFTER:
            x = layers.MaxPooling2D(POOL_AFTER[scope], 2, padding="same", name=f"{scope}_MaxPool")(x)
    if weights is not None:
        load_file(Model(images, x), weights)
    return x


def load_file(model, path):
    """Load the weights in `path`: TF-slim's archive (.tar.gz), its checkpoint (.ckpt), or HDF5 (.h5) of this backbone."""
    if path.endswith(".h5"):
        model.load_weights(path)
    elif path.endswith(".tar.gz"):
        with tempfile.TemporaryDirectory() as folder:
            try:
                load(model, unpacked(path, folder))
            except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise InputError(f"{path}: expected a whole .tar.gz archive, received: {error}; fetch it again") from None
    else:
        load(model, path)


def unpacked(path, folder):
    """Write the checkpoint of TF-slim's archive at `path` into `folder` and return its path."""
    with tarfile.open(path) as archive:
        member = next((entry for entry in archive if entry.isfile() and entry.name.rpartition("/")[2] == CHECKPOINT), None)
        if member is None or member.size > CHECKPOINT_BYTES:
            raise InputError(f"{path}: expected {CHECKPOINT} of at most {CHECKPOINT_BYTES} bytes in it, received {archive.getnames()[:5]}")
        archive.extract(member, folder, filter="data")
        return f"{folder}/{member.name}"


def load(model, path):
    """Copy every variable of the TF-slim checkpoint at `path` that belongs to the backbone into `model`, by name and shape."""
    try:
        import tensorflow as tf
    except ImportError:
        raise InputError(f"{path}: expected TensorFlow to read a checkpoint of TF-slim's, found none; pip install tensorflow") from None
    try:
        reader = tf.train.load_checkpoint(path)
    except (ValueError, tf.errors.OpError) as error:
        raise InputError(f"{path}: expected a TensorFlow checkpoint, received: {error}; fetch it again") from None
    shapes = reader.get_variable_to_shape_map()
    used = set()

    def take(layer_name, variable, target):
        scope = layer_name if "_Branch_" not in layer_name else re.sub(r"_(Branch_\d)_", r"/\1/", layer_name)
        name = f"InceptionV1/{scope}/{variable}"
        if scope == "Mixed_5b/Branch_2/Conv2d_0b_3x3" and name not in shapes:
            name = name.replace("_0b_", "_0a_")  # a slip of the checkpoint's own
        if list(target.shape) != shapes.get(name):
            raise InputError(f"{path}: expected {name} of shape {list(target.shape)}, received {shapes.get(name)}; fetch it again")
        target.assign(reader.get_tensor(name))
        used.add(name)

    for layer in model.layers:
        if layer.name.endswith("_BatchNorm"):
            scope = layer.name.removesuffix("_BatchNorm")
            for variable in ("beta", "moving_mean", "moving_variance"):
                take(scope, f"BatchNorm/{variable}", getattr(layer, variable))
        elif layer.weights:
            take(layer.name, "weights", layer.kernel)
    left = sorted(n for n in shapes if n.startswith("InceptionV1/") and "/Logits/" not in n and n not in used)
    if left:
        raise InputError(f"{path}: expected variables that fit the network, received {left[0]} too; is it Inception v1?")
