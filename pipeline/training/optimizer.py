"""The Keras optimizer of a row, and the moving average that it may keep of the weights."""

import contextlib

import keras

from pipeline.training import variables


def make_optimizer(settings, model):
    """Return the Keras optimizer of a Settings for `model`, with the parts of the recipe that Keras' optimizers know."""
    recipe, arguments = settings.recipe, settings.optimizer.model_dump(exclude={"name"})
    arguments |= {"weight_decay": recipe.weight_decay or None, "global_clipnorm": recipe.clip_norm}
    if recipe.moving_average:
        arguments |= {"use_ema": True, "ema_momentum": recipe.moving_average}
    optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[settings.optimizer.name](**arguments)
    if recipe.weight_decay:
        optimizer.exclude_from_weight_decay([v for v in model.trainable_variables if not v.name.endswith("kernel")])
    return keras.optimizers.LossScaleOptimizer(optimizer) if settings.precision == "mixed_float16" else optimizer


def exchange(model, optimizer):
    """Let the weights and their moving average change places, where the optimizer keeps one."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if inner.use_ema:
        for variable, average in zip(model.trainable_variables, inner._model_variables_moving_average, strict=True):
            value, mean = variables.read(variable), variables.read(average)
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
