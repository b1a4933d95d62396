"""A network of the registry as a classifier of faces: raw pixels in, one logit an emotion out."""

from importlib import import_module

import keras


def build(settings):
    """Return an uncompiled keras.Model: (batch, face_size, face_size, 3) uint8 to (batch, emotions) float32 logits.

    Resizing and the network's own input scaling are inside; the head is global average pooling and one dense layer
    (its softmax is applied by the loss and by evaluate). Every layer is trained. Layer names do not depend on what was
    built before in the process, so that equal weights give equal files.
    """
    keras.utils.clear_session(free_memory=False)  # restarts the numbering of automatic layer names
    network = import_module(f"pipeline.networks.{settings.model}")
    size = settings.image_size
    faces = keras.Input((settings.face_size, settings.face_size, 3), dtype="uint8", name="faces")
    images = keras.layers.Rescaling(1.0, name="to_float")(faces)
    if size != settings.face_size:
        images = keras.layers.Resizing(size, size, interpolation="bilinear", name="resize")(images)
    features = network.backbone(network.scale(images), settings.weights)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(features)
    logits = keras.layers.Dense(len(settings.emotions), kernel_initializer="zeros", dtype="float32", name="logits")(pooled)
    return keras.Model(faces, logits, name=settings.model)
