import numpy as np
import pytest

from tests.training.small import faces_of_two_kinds, small_network


def fitted(keras, settings, validation=((), ())):
    from pipeline.training import backend
    from pipeline.training.fit import fit

    backend.start(settings.seed)
    pixels, labels = faces_of_two_kinds()
    model, logs, counts = small_network(keras), [], []
    held = tuple(np.array(part, np.int64) for part in validation)
    fit(
        model,
        pixels,
        (np.arange(14), labels[:14]),
        held,
        settings,
        lambda count, loss: counts.append(count),
        lambda epoch, log: logs.append(log),
    )
    # 14 faces in batches of 4: the last of each epoch has 2.
    assert counts == [4, 4, 4, 2] * settings.epochs
    return model, logs


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_fit__learns_two_kinds_of_faces(keras, tiny_settings, optimizer):
    from pipeline.config.settings import Adam
    from pipeline.training.steps import make_steps

    change = {"epochs": 20}
    if optimizer == "adam":
        change["optimizer"] = Adam(name="adam", learning_rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    model, logs = fitted(keras, tiny_settings.model_copy(update=change))
    pixels, labels = faces_of_two_kinds()
    assert len(logs) == 20 and logs[-1]["loss"] < logs[0]["loss"]
    assert (make_steps(model).infer(pixels).argmax(axis=1) == labels).mean() == 1.0


def test_fit__same_seed_same_bytes_other_seed_other(keras, tiny_settings, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        fitted(keras, tiny_settings.model_copy(update={"seed": seed}))[0].save_weights(tmp_path / f"{name}.weights.h5")
    first, second, third = ((tmp_path / f"{name}.weights.h5").read_bytes() for name in "abc")
    assert first == second
    assert first != third


def test_fit__keeps_the_losses_of_the_first_steps(keras, tiny_settings):
    from pipeline.training.fit import FIRST_STEPS, fit

    pixels, labels = faces_of_two_kinds()
    settings, nothing = tiny_settings.model_copy(update={"epochs": 3}), np.zeros(0, np.int64)
    losses = []
    parts = (np.arange(14), labels[:14]), (nothing, nothing)
    progress = fit(small_network(keras), pixels, *parts, settings, lambda _, loss: losses.append(loss), lambda *_: None)
    assert len(losses) == 12 and progress.first_losses == losses[:FIRST_STEPS]
    assert losses[0] == pytest.approx(np.log(2))  # a zero head knows nothing


def test_fit__ends_with_the_average_of_the_weights_where_the_recipe_keeps_one(keras, tiny_settings):
    # Two steps, an epoch each: Keras' average begins at the first step's weights, so that 0.5 leaves half of each.
    from pipeline.config.settings import Recipe
    from pipeline.training import backend
    from pipeline.training.fit import fit

    def weights_after(epochs, ema):
        settings = tiny_settings.model_copy(update={"epochs": epochs, "batch_size": 16, "recipe": Recipe(ema=ema)})
        backend.start(settings.seed)
        model, (pixels, labels), nothing = small_network(keras), faces_of_two_kinds(), np.zeros(0, np.int64)
        fit(model, pixels, (np.arange(16), labels), (nothing, nothing), settings, lambda *_: None, lambda *_: None)
        return [variable.numpy() for variable in model.trainable_variables]

    once, twice, averaged = weights_after(1, 0.0), weights_after(2, 0.0), weights_after(2, 0.5)
    for first, second, average in zip(once, twice, averaged, strict=True):
        assert average == pytest.approx((first + second) / 2, abs=1e-6)
    assert max(np.abs(first - second).max() for first, second in zip(once, twice, strict=True)) > 1e-4


def test_fit__validation_is_logged_only_where_there_are_faces(keras, tiny_settings):
    assert "val_loss" not in fitted(keras, tiny_settings)[1][0]
    logs = fitted(keras, tiny_settings, ([14, 15], [0, 1]))[1][-1]
    assert set(logs) == {"loss", "accuracy", "learning_rate", "val_loss", "val_accuracy"}
    assert logs["learning_rate"] == pytest.approx(0.01)


def test_step__is_the_optimizers_arithmetic(keras, tiny_settings):
    # One SGD step on a zero head: its bias moves by -lr (softmax - one-hot), averaged: 0.01 (0.5 - share) each.
    from pipeline.training.optimizer import make_optimizer
    from pipeline.training.steps import make_steps

    pixels, labels = faces_of_two_kinds(4)
    model = small_network(keras)
    targets = np.eye(2, dtype=np.float32)[[0, 0, 0, 0]]
    loss, correct = make_steps(model, make_optimizer(tiny_settings, model)).train(pixels, targets, np.array([0, 1, 1, 0]))
    assert float(loss) == pytest.approx(np.log(2))
    assert int(correct) == 2  # equal logits answer 0; counted by the labels, not by the targets
    assert model.get_layer("logits").bias.numpy() == pytest.approx([0.005, -0.005])
