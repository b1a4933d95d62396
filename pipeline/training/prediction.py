"""What a trained network answers: the probabilities of each emotion."""

import numpy as np
from scipy.special import softmax

from pipeline.errors import InputError
from pipeline.progress import Bar
from pipeline.training.augmentation import views_of
from pipeline.training.batches import batches


def predict(settings, weights, pixels, index, batch_size):
    """Return (probabilities (n, emotions) float32, parameters) of the faces at `index` under the weights file.

    With the recipe's views a face's probabilities are the mean over its views.
    """
    from pipeline.networks.classifier import build
    from pipeline.training.steps import make_steps

    model = build(settings.model_copy(update={"weights": None}))
    model.load_weights(weights)
    steps = make_steps(model)
    probabilities = []
    with Bar(f"evaluate {settings.row}", len(index), "faces") as bar:
        for faces in batches(pixels, index, batch_size):
            logits = np.stack([steps.infer(view) for view in views_of(faces, settings.recipe.views)]).astype(np.float64)
            if not np.isfinite(logits).all():
                received = "NaN or infinity: the training diverged; lower the learning rate"
                raise InputError(f"{weights}: expected finite outputs, received {received}")
            probabilities.append(softmax(logits, axis=2).mean(axis=0))
            bar.advance(len(faces))
    return np.concatenate(probabilities).astype(np.float32), model.count_params()
