"""Stage resolve: params.yaml to one settings file a row, so that a row retrains only where a setting of its own changed."""

import argparse
import hashlib
import sys
from importlib import import_module

from rich.console import Console
from rich.table import Table

from pipeline import params as parameters
from pipeline.errors import InputError, run
from pipeline.faces.names import TRAIN
from pipeline.faces.split_file import part, read_split
from pipeline.files import written
from pipeline.training.settings import Settings
from pipeline.workspace import SPLIT_FILES, add_section


def resolve(params, name, section="rows"):
    """Return the Settings of the row `name`: overrides before the row, the row's batch size under the profile's cap."""
    row, profile = params.section(section)[name], params.chosen
    network = import_module(f"pipeline.networks.{row.model}")
    check_sizes(f"{section}.{name}", row, params.recipes[row.recipe].sizes, network, params.faces.size)
    if params.epochs is None and row.data not in profile.epochs:
        raise InputError(f"params.yaml: profiles.{params.profile}.epochs: expected a number for {row.data}, received none")
    batch_size = params.batch_size or min(row.batch_size, profile.max_batch_size or row.batch_size)
    pins = getattr(params.sources, profile.source)
    weights = profile.weights and profile.weights.replace("{model}", row.model)
    if weights == "imagenet" and network.IMAGENET is None:
        weights = None
    return Settings(
        row=name,
        data=row.data,
        model=row.model,
        image_size=row.image_size,
        face_size=params.faces.size,
        emotions=params.faces.emotions,
        weights=weights,
        weights_sha256=None if weights in (None, "imagenet") else sha256_of_weights(weights),
        optimizer=params.optimizer_of(row),
        recipe=params.recipes[row.recipe],
        batch_size=batch_size,
        epochs=params.epochs or profile.epochs[row.data],
        train_faces=profile.train_faces,
        validation_share=profile.validation_share,
        batch_norm_faces=profile.batch_norm_faces,
        seed=params.seed if row.seed is None else row.seed,
        fold=row.fold,
        source=profile.source,
        source_sha256=getattr(pins, "sha256", None),
        backend=params.training.backend,
        precision=params.training.precision,
        devices=params.training.devices,
    )


def check_sizes(where, row, sizes, network, face_size):
    """Raise InputError where a row's network cannot take the sizes of its recipe; network: its module."""
    said = f"as recipe {row.recipe} has sizes"
    if sizes and getattr(network, "FIXED_SIZE", False):
        raise InputError(f"params.yaml: {where}.model: expected a network that takes faces of any size, {said}, received {row.model}")
    if sizes and row.image_size != face_size:
        raise InputError(f"params.yaml: {where}.image_size: expected faces.size = {face_size}, {said}, received {row.image_size}")
    smallest = min((one.size for one in sizes), default=network.MINIMUM_SIZE)
    if smallest < network.MINIMUM_SIZE:
        minimum = f"at least {network.MINIMUM_SIZE} for {row.model}"
        raise InputError(f"params.yaml: recipes.{row.recipe}.sizes: expected {minimum} ({where}), received {smallest}")


def check_search(params):
    """Raise InputError where params leave nothing to search, or no faces to choose by."""
    for name in ("optimizer", "batch_size"):
        value = getattr(params, name)
        if value is not None:
            raise InputError(f"params.yaml: {name}: expected null, for the grid tries several, received {value}; set grid.{name} instead")
    if not params.chosen.validation_share:
        raise InputError(
            f"params.yaml: profiles.{params.profile}.validation_share: expected more than 0, for the grid's best are chosen by validation "
            "faces, received 0; choose the profile search, or set it"
        )


def sha256_of_weights(path):
    """Return the SHA-256 of a weights file, or raise InputError."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"params.yaml: profiles weights: expected a readable file, received {path} ({error.strerror}); give its whole path"
        ) from None


def check_batch(settings, train_faces, section="rows"):
    """Raise InputError where a batch is larger than the training set."""
    if settings.batch_size > train_faces:
        raise InputError(
            f"params.yaml: {section}.{settings.row}.batch_size: expected at most the {train_faces} training faces of "
            f"{settings.data}, received {settings.batch_size}; lower it"
        )


def summarize(rows, train_faces):
    """Return a rich Table of the rows; train_faces: {row: count}."""
    table = Table(title="Rows")
    for column in ("row", "data", "faces", "optimizer", "batch", "epochs", "steps", "px", "weights", "seed"):
        table.add_column(column)
    for name, s in rows.items():
        steps = s.epochs * -(-train_faces[name] // s.batch_size)
        cells = (name, s.data, train_faces[name], s.optimizer.name, s.batch_size, s.epochs, steps, s.image_size, s.weights, s.seed)
        table.add_row(*map(str, cells))
    return table


def main():
    """Write models/settings/<row>.json for every row."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_section(parser)
    section = parser.parse_args().section
    params = parameters.load()
    if section.name == "grid":
        check_search(params)
    rows = {name: resolve(params, name, section.name) for name in params.section(section.name)}
    faces = {}
    for name, settings in rows.items():
        split = read_split(SPLIT_FILES / f"{settings.data}.csv", settings.emotions, settings.fold)
        faces[name] = len(part(split, TRAIN)[0])
        check_batch(settings, faces[name], section.name)
    with written(section.models / "settings") as folder:
        folder.mkdir()
        for name, settings in rows.items():
            settings.write(folder / f"{name}.json")
    Console(width=None if sys.stdout.isatty() else 130).print(summarize(rows, faces))


if __name__ == "__main__":
    run(main)
