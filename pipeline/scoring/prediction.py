"""What a trained network answers: the probabilities of each emotion."""

import numpy as np
from scipy.special import softmax

from pipeline.common.errors import InputError
from pipeline.common.progress import Bar
from pipeline.training.batches import batches


def predict(settings, tta, weights, pixels, index, batch_size):
    """Return (probabilities (n, emotions) float32, parameters) of the faces at `index` under the weights file.

    tta: TestTimeAugmentation; a face's probabilities are the mean over its variants.
    """
    from pipeline.networks.shared.classifier import build
    from pipeline.training.steps import make_steps

    model = build(settings.model_copy(update={"pretrained": None}))
    model.load_weights(weights)
    steps = make_steps(model)
    probabilities = []
    with Bar(f"evaluate {settings.row}", len(index), "faces") as bar:
        for faces in batches(pixels, index, batch_size):
            logits = np.stack([steps.infer(variant) for variant in variants_of(faces, tta)]).astype(np.float64)
            if not np.isfinite(logits).all():
                received = "NaN or infinity: the training diverged; lower the learning rate"
                raise InputError(f"{weights}: expected finite outputs, received {received}")
            probabilities.append(softmax(logits, axis=2).mean(axis=0))
            bar.advance(len(faces))
    return np.concatenate(probabilities).astype(np.float32), model.count_params()


def variants_of(faces, tta):
    """Yield the variants of faces (n, h, w, 3) uint8 that a TestTimeAugmentation asks for; the first is the faces as they are."""
    step = tta.translate
    for down, right in [(0, 0), (step, 0), (-step, 0), (0, step), (0, -step)] if step else [(0, 0)]:
        padded = np.pad(faces, ((0, 0), (step, step), (step, step), (0, 0)), mode="edge")
        variant = padded[:, step - down : step - down + faces.shape[1], step - right : step - right + faces.shape[2]]
        yield variant
        if tta.flip:
            yield variant[:, :, ::-1]
