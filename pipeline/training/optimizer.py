"""The Keras optimizer of a row, its learning rate at each step, and the moving average that it may keep of the weights."""

import contextlib
import math

import keras

from pipeline.training import backend

START = 1 / 25  # of the rate: where the one-cycle schedule begins (Smith and Topin, 2019)


def make_optimizer(settings, model):
    """Return the Keras optimizer of a Settings for `model`, with the parts of the recipe that Keras' optimizers know."""
    recipe, arguments = settings.recipe, settings.optimizer.model_dump(exclude={"name"})
    arguments |= {"weight_decay": recipe.weight_decay or None, "global_clipnorm": recipe.clip_norm}
    if recipe.ema:
        arguments |= {"use_ema": True, "ema_momentum": recipe.ema}
    optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[settings.optimizer.name](**arguments)
    if recipe.weight_decay:
        optimizer.exclude_from_weight_decay([v for v in model.trainable_variables if not v.name.endswith("kernel")])
    return keras.optimizers.LossScaleOptimizer(optimizer) if settings.precision == "mixed_float16" else optimizer


def exchange(model, optimizer):
    """Let the weights and their moving average change places, where the optimizer keeps one."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if inner.use_ema:
        for variable, average in zip(model.trainable_variables, inner._model_variables_moving_average, strict=True):
            value, mean = backend.value_of(variable), backend.value_of(average)
            variable.assign(mean)
            average.assign(value)


@contextlib.contextmanager
def averaged(model, optimizer):
    """Put the moving average in the weights' place for a block."""
    exchange(model, optimizer)
    try:
        yield
    finally:
        exchange(model, optimizer)


def rate_at(step, steps, rate, schedule, warm_up):
    """Return the learning rate of step `step` (from 0) of `steps`.

    In the first `warm_up` share of the steps it rises linearly to `rate`: from 0, or for "one-cycle" from rate / 25. After
    that "constant" keeps it; "cosine" and "one-cycle" let it fall to 0 along half a cosine (Loshchilov and Hutter, 2017).
    """
    rising = warm_up * steps
    if step < rising:
        start = START if schedule == "one-cycle" else 0.0
        return rate * (start + (1 - start) * (step + 1) / (rising + 1))
    if schedule == "constant":
        return rate
    return rate * (1 + math.cos(math.pi * (step - rising) / (steps - rising))) / 2
