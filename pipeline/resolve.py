"""Stage resolve: params.yaml to one settings file a row, so that a row retrains only where a setting of its own changed."""

import argparse
import hashlib
from importlib import import_module

from pipeline.common.errors import InputError, run
from pipeline.common.files import absolute, read_json, written
from pipeline.common.tables import print_table
from pipeline.common.workspace import SPLIT_FILES, add_section
from pipeline.config import params as parameters
from pipeline.config.scoring import Scoring
from pipeline.config.settings import Inputs, Settings
from pipeline.dataset.names import TRAIN
from pipeline.dataset.split_file import part, read_split, sha256_of

WHOLE = ".weights.h5"  # by this end of a name pipeline/networks/shared/classifier.py knows a whole classifier


def resolve(params, name, section="rows"):
    """Return the Settings of the row `name`: overrides before the row, the row's batch size under the profile's cap."""
    row, profile = params.section(section)[name], params.chosen
    network, recipe, image_size = import_module(f"pipeline.networks.{row.model}"), params.recipes[row.recipe], params.image_size_of(row)
    check_sizes(f"{section}.{name}", row, recipe.progressive_resizing, network, (image_size, params.faces.size))
    epochs = params.epochs or profile.epochs_for(row.model, row.data)
    if epochs is None:
        raise InputError(f"params.yaml: profiles.{params.profile}.epochs: expected a number for {row.data}, received none")
    pretrained = profile.pretrained and profile.pretrained.replace("{model}", row.model)
    if pretrained == "imagenet" and network.IMAGENET is None:
        pretrained = None
    return Settings(
        row=name,
        data=row.data,
        model=row.model,
        image_size=image_size,
        face_size=params.faces.size,
        emotions=params.faces.emotions,
        pretrained=pretrained,
        pretrained_sha256=None if pretrained in (None, "imagenet") else sha256_of_weights(pretrained),
        optimizer=params.optimizer_of(row),
        recipe=recipe.training(),
        batch_size=params.batch_size or min(row.batch_size, profile.max_batch_size or row.batch_size),
        epochs=epochs,
        batch_norm_faces=profile.batch_norm_faces,
        seed=params.seed if row.seed is None else row.seed,
        fold=row.fold,
        backend=params.training.backend,
        precision=params.training.precision,
        devices=params.training.devices,
        threads=profile.threads,
    )


def check_sizes(where, row, phases, network, sizes):
    """Raise InputError where a row's network cannot take the phases of its recipe; network: its module; sizes: its pixels, the faces'."""
    said, (image_size, face_size) = f"as recipe {row.recipe} has progressive_resizing", sizes
    key = f"{parameters.file_of(where)}: {where}"
    if phases and getattr(network, "FIXED_SIZE", False):
        raise InputError(f"{key}.model: expected a network that takes faces of any size, {said}, received {row.model}")
    if phases and image_size != face_size:
        raise InputError(f"{key}.image_size: expected faces.size = {face_size}, {said}, received {image_size}")
    smallest = min((one.size for one in phases), default=network.MINIMUM_SIZE)
    if smallest < network.MINIMUM_SIZE:
        minimum = f"at least {network.MINIMUM_SIZE} for {row.model}"
        raise InputError(f"params.yaml: recipes.{row.recipe}.progressive_resizing: expected {minimum} ({where}), received {smallest}")


def check_search(params):
    """Raise InputError where params leave nothing to search, or no faces to choose by."""
    for name in ("optimizer", "batch_size"):
        value = getattr(params, name)
        if value is not None:
            said = f"expected none, for the grid tries several, received {value}; set grid.{name} in grid/params.yaml"
            raise InputError(f"params.yaml: {name}: {said}")
    if not params.chosen.validation_share:
        raise InputError(
            f"params.yaml: profiles.{params.profile}.validation_share: expected more than 0, for the grid's best are chosen by validation "
            "faces, received 0; choose the profile search, or set it"
        )


def sha256_of_weights(path):
    """Return the SHA-256 of a weights file, or raise InputError."""
    try:
        with open(absolute(path), "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"params.yaml: profiles pretrained: expected a readable file, received {path} ({error.strerror}); bring it or name another"
        ) from None
    if str(path).endswith(".h5") and not str(path).endswith(WHOLE) and holds_a_classifier(absolute(path)):
        raise InputError(
            f"params.yaml: profiles pretrained: expected a name that ends in {WHOLE} for a whole classifier, as the stage train writes it, "
            f"received {path}; rename the file"
        )
    return digest


def holds_a_classifier(path):
    """Tell whether a file has the form of Keras 3's save_weights, where those of keras.applications have layer_names."""
    import h5py

    if not h5py.is_hdf5(path):
        return False
    with h5py.File(path) as file:
        return "layers" in file and "layer_names" not in file.attrs


def check_batch(settings, train_faces, section="rows"):
    """Raise InputError where a batch is larger than the training set."""
    if settings.batch_size > train_faces:
        key = "grid" if section == "grid" else f"{section}.{settings.row}"
        raise InputError(
            f"{parameters.file_of(key)}: {key}.batch_size: expected at most the {train_faces} training faces of {settings.data}, received "
            f"{settings.batch_size}; lower it"
        )


COLUMNS = ("row", "data", "faces", "optimizer", "batch", "epochs", "steps", "px", "pretrained", "seed")
LEAST = ("seed", "px", "pretrained", "data", "faces", "optimizer", "steps")  # left out on a narrow terminal, in this order


def summarize(rows, train_faces):
    """Return a list of what stands in each of COLUMNS for every row; train_faces: {row: count}."""
    lines = []
    for name, s in rows.items():
        steps = s.epochs * -(-train_faces[name] // s.batch_size)
        cells = (name, s.data, train_faces[name], s.optimizer.name, s.batch_size, s.epochs, steps, s.image_size)
        lines.append((*cells, s.pretrained or "no", s.seed))
    return lines


def main():
    """Write models/settings for every row: <row>.json, by which it trains, scoring/<row>.json and inputs/<row>.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_section(parser)
    section = parser.parse_args().section
    params = parameters.load()
    if section.name == "grid":
        check_search(params)
    own = params.section(section.name)
    rows = {name: resolve(params, name, section.name) for name in own}
    faces, inputs, faces_sha256 = {}, {}, read_json(SPLIT_FILES / "faces.json")["sha256"]
    for name, settings in rows.items():
        split = read_split(SPLIT_FILES / f"{settings.data}.csv", settings.emotions, settings.fold)
        faces[name], inputs[name] = len(part(split, TRAIN)[0]), Inputs(faces_sha256=faces_sha256, split_sha256=sha256_of(split))
        check_batch(settings, faces[name], section.name)
    with written(section.settings) as folder:
        folder.mkdir()
        for name, settings in rows.items():
            settings.write(folder / f"{name}.json")
            inputs[name].write(folder / "inputs" / f"{name}.json")
            scoring = Scoring(tta=params.recipes[own[name].recipe].tta, evaluation=params.evaluation)
            scoring.write(folder / "scoring" / f"{name}.json")
    print_table("Rows", COLUMNS, summarize(rows, faces), LEAST)
    capped = [name for name in rows if not params.batch_size and rows[name].batch_size < own[name].batch_size]
    if capped:
        print(f"max_batch_size of profile {params.profile} cuts the batch of {len(capped)} rows to {params.chosen.max_batch_size}")


if __name__ == "__main__":
    run(main)
