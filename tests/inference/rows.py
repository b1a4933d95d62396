"""A small trained row of two emotions at 32 px, with given weights, as stage train leaves it."""

import numpy as np

from pipeline.config.settings import Trained

EMOTIONS = ["angry", "happy"]


def write_row(folder, settings, seed=1):
    """Write model.weights.h5 and network.json into `folder`; return the Settings. Keras must have been started."""
    import keras

    from pipeline.networks.shared.classifier import build

    keras.utils.set_random_seed(seed)  # the same weights, whatever was built before in this process
    settings = settings.model_copy(update={"model": "Compact", "emotions": EMOTIONS, "row": folder.name})
    model = build(settings)
    given = np.random.default_rng(seed)
    model.get_layer("logits").set_weights([given.normal(0, 1, (256, 2)), np.zeros(2)])
    folder.mkdir(parents=True)
    model.save_weights(folder / "model.weights.h5")
    Trained(settings=settings, faces_sha256="", split_sha256="").write(folder / "network.json")
    return settings
