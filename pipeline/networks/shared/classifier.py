"""A network of the registry as a classifier of faces: raw pixels in, one logit an emotion out."""

import hashlib
from importlib import import_module

import keras

from pipeline.common.errors import InputError
from pipeline.common.files import absolute
from pipeline.networks.shared import imagenet

WHOLE = ".weights.h5"  # ends the name of a file that holds a whole classifier, as stage train writes it


def build(settings):
    """Return an uncompiled keras.Model: (batch, face_size, face_size, 3) uint8 to (batch, emotions) float32 logits.

    Resizing and the network's own input scaling are inside, in float32; the head is global average pooling, the recipe's dropout
    and one dense layer (its softmax is applied by the loss and by evaluate). With a recipe that trains on smaller faces first, faces of
    any size may come in. Every layer is trained. Automatic layer names count on from
    backend.start(): build one model after it, so that equal weights give equal files. Raises InputError where the weights do
    not fit.
    """
    network = import_module(f"pipeline.networks.{settings.model}")
    named = settings.pretrained  # as in params.yaml: equal settings in every clone
    file = imagenet.fetch(settings.model, *network.IMAGENET) if named == "imagenet" else named and absolute(named)
    if settings.pretrained_sha256:
        check(file, settings)
    whole = file if str(file).endswith(WHOLE) else None
    size, side = settings.image_size, None if settings.recipe.progressive_resizing else settings.face_size
    faces = keras.Input((side, side, 3), dtype="uint8", name="faces")
    images = keras.layers.Rescaling(1.0, name="to_float", dtype="float32")(faces)
    if size != settings.face_size:
        images = keras.layers.Resizing(size, size, interpolation="bilinear", name="resize", dtype="float32")(images)
    try:
        features = network.backbone(network.scale(images), None if whole else file and str(file))
        pooled = keras.layers.GlobalAveragePooling2D(name="pool")(features)
        if settings.recipe.dropout:
            pooled = keras.layers.Dropout(settings.recipe.dropout, seed=settings.seed, name="dropout")(pooled)
        logits = keras.layers.Dense(len(settings.emotions), kernel_initializer="zeros", dtype="float32", name="logits")(pooled)
        model = keras.Model(faces, logits, name=settings.model)
        if whole:
            model.load_weights(whole)
    except (OSError, ValueError) as error:
        if file is None:
            raise
        raise InputError(f"{file}: expected weights of {settings.model}, received: {' '.join(str(error).split())[:300]}") from None
    return model


def check(file, settings):
    """Raise InputError where a weights file of the user's is not the one that resolve read."""
    with open(file, "rb") as opened:
        received = hashlib.file_digest(opened, "sha256").hexdigest()
    if received != settings.pretrained_sha256:
        raise InputError(
            f"{file}: expected sha256 {settings.pretrained_sha256}, as its settings say, received {received}; the file has changed: "
            "run `dvc repro --force --single-item resolve`, or bring the old one back"
        )
