"""Typed, frozen, strict view of params.yaml: one class a section. The cheap stages read it; train reads its settings file."""

import re
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator, model_validator

from pipeline.common.errors import InputError
from pipeline.common.typed import Count, Share, Typed, explain, unique
from pipeline.config.data import Archive, Faces, Sources, Splits, partial
from pipeline.config.rows import Grid, Network, Row
from pipeline.config.scoring import Evaluation, WholeRecipe
from pipeline.config.settings import Optimizer
from pipeline.config.yaml_file import read
from pipeline.dataset.names import SPLITS

SECTIONS = ("rows", "beyond", "grid")  # of rows
OWN = {"beyond/params.yaml": ("beyond", "ensembles"), "grid/params.yaml": ("grid", "cluster")}  # files of their own, and their keys
TAKEN = {"settings", "timings", "live"}  # folders beside the rows' in models/


def _pretrained(text):
    if text != "imagenet" and not text.endswith((".h5", ".ckpt", ".tar.gz")):
        raise ValueError("imagenet, null, or the path of a .h5, .ckpt or .tar.gz file ({model} in it stands for the network's name)")
    return text


def _devices(value):
    if value not in ("auto", "cpu") and not (isinstance(value, int) and value > 0):
        raise ValueError("auto, cpu or a number of GPUs")
    return value


def _merged(base, own):
    # What `own` names in place of base's, in sections too.
    both = {key: _merged(base[key], own[key]) for key in own if isinstance(base.get(key), dict) and isinstance(own[key], dict)}
    return base | own | both


class Training(Typed):
    """What every row is trained on, and with what."""

    backend: Literal["tensorflow", "jax"]
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    devices: Annotated[str | int, AfterValidator(_devices)]


class Report(Typed):
    """How tables and figures look."""

    dpi: Annotated[int, Field(ge=50, le=600)]


class Cluster(Typed):
    """What one cell takes of a cluster, and how often it is tried again."""

    cpus: Annotated[float, Field(gt=0)]
    gpus: Annotated[float, Field(ge=0)]
    retries: Annotated[int, Field(ge=0)]


class Profile(Typed):
    """What a run costs: which faces, how many of them, how long."""

    source: Literal["synthetic", "archive", "kaggle", "huggingface"]
    epochs: dict[Literal[SPLITS], Count]
    epochs_of: dict[Network, dict[Literal[SPLITS], Count]] = {}  # of networks that take another number
    synthetic_faces: Count | None = None  # None: as many as sources.synthetic says
    pretrained: Annotated[str, AfterValidator(_pretrained)] | None = None  # None: random weights
    train_faces: Count | None = None  # a stratified part of the training faces; None: all of them
    validation_share: Share = 0.0  # cut from the training faces
    max_batch_size: Count | None = None  # a cap on the rows' own batch sizes
    batch_norm_faces: Count = 4096  # training faces from which the statistics of batch normalisation are re-estimated
    threads: Count | None = None  # of TensorFlow on a CPU; None: one for each core
    archive: partial(Archive) | None = None  # keys in place of those of sources.archive
    faces: partial(Faces) | None = None  # and of faces
    splits: partial(Splits) | None = None  # and of splits

    def epochs_for(self, model, data):
        """Return a network's epochs on a split, those on balanced for its two variants that are not named; None where there are none."""
        epochs = self.epochs | self.epochs_of.get(model, {})
        return epochs.get(data, epochs.get("balanced") if data.startswith("balanced_") else None)


def _name(value):
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", value) or value.lower() in YAML_WORDS:
        raise ValueError(
            "a name that DVC's -S can address (letters, digits, _ and -, the first a letter, and no word like yes, off, true or null)"
        )
    return value


YAML_WORDS = {"true", "false", "yes", "no", "on", "off", "null"}  # DVC and PyYAML do not read the same in all of them
Name = Annotated[str, BeforeValidator(_name)]  # of a key, a stage, a folder
Rows = dict[Name, Row]


class Params(Typed):
    """The whole of params.yaml."""

    profile: str
    profiles: dict[Name, Profile]  # before the sections that one may change, so that an error names the profile's own key
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    optimizer: str | None
    batch_size: Count | None
    epochs: Count | None
    faces: Faces
    sources: Sources
    splits: Splits
    optimizers: dict[Name, Optimizer]
    image_sizes: dict[Network | Literal["default"], Count]
    training: Training
    evaluation: Evaluation
    report: Report
    rows: Rows
    beyond: Rows
    grid: Grid
    cluster: Cluster
    ensembles: Annotated[dict[Name, Annotated[list[str], Field(min_length=2), AfterValidator(unique)]], Field(min_length=1)]
    recipes: dict[Name, WholeRecipe]

    @model_validator(mode="before")
    @classmethod
    def _with_the_profiles_own(cls, values):
        # faces, splits and sources.archive are in force as the profile changes them, wherever they are read.
        name, profiles = values.get("profile"), values.get("profiles")
        own = profiles.get(name) if isinstance(profiles, dict) and isinstance(name, str) else None
        if not isinstance(own, dict):
            return values
        changes = {section: own[section] for section in ("faces", "splits") if isinstance(own.get(section), dict)}
        if isinstance(own.get("archive"), dict):
            changes["sources"] = {"archive": own["archive"]}
        return _merged(values, changes)

    @field_validator("recipes", mode="before")
    @classmethod
    def _extended(cls, recipes):
        if not isinstance(recipes, dict):
            return recipes
        whole = {}
        for name, own in recipes.items():
            base = own.get("extends") if isinstance(own, dict) else None
            if base is not None:
                others = [other for other, recipe in recipes.items() if isinstance(recipe, dict) and "extends" not in recipe]
                if base not in others:
                    raise ValueError(f"{name}.extends: expected one of {', '.join(others)}, received {base!r}")
                own = _merged(recipes[base], {key: value for key, value in own.items() if key != "extends"})
            whole[name] = own
        return whole

    @model_validator(mode="after")
    def _names_exist(self):
        if "default" not in self.image_sizes:
            raise ValueError("image_sizes.default: expected this key, received nothing")
        if self.optimizer is not None:
            self._check_name("optimizer", self.optimizer, self.optimizers)
        for name in self.grid.optimizer:
            self._check_name("grid.optimizer", name, self.optimizers)
        for section in ("rows", "beyond"):
            for name, row in getattr(self, section).items():
                where = f"{section}.{name}"
                if name in TAKEN:
                    raise ValueError(f"{where}: expected another name, for models/{name} is taken, received {name!r}")
                self._check_name(f"{where}.recipe", row.recipe, self.recipes)
                self._check_name(f"{where}.optimizer", row.optimizer, self.optimizers)
                self._check_size(where, row)
        for row in self.grid.rows().values():
            self._check_size("grid", row)
        for name, rows in self.ensembles.items():
            for row in set(rows) - set(self.beyond):
                raise ValueError(f"ensembles.{name}: expected rows of beyond, received {row!r}")
        self._check_name("profile", self.profile, self.profiles)
        return self

    def _check_name(self, where, name, known):
        if name not in known:
            raise ValueError(f"{where}: expected one of {', '.join(known)}, received {name!r}")

    def _check_size(self, where, row):
        minimum, size = import_module(f"pipeline.networks.{row.model}").MINIMUM_SIZE, self.image_size_of(row)
        if size < minimum:
            key = f"{where}.image_size" if row.image_size else f"image_sizes.{row.model if row.model in self.image_sizes else 'default'}"
            raise ValueError(f"{key}: expected at least {minimum} for {row.model}, received {size}")

    @property
    def chosen(self):
        """The Profile in force."""
        return self.profiles[self.profile]

    def section(self, name):
        """Return the rows of a section, {name: Row}, or raise InputError."""
        if name not in SECTIONS:
            raise InputError(f"--section: expected one of {', '.join(SECTIONS)}, received {name!r}")
        return self.grid.rows() if name == "grid" else getattr(self, name)

    def image_size_of(self, row):
        """Return the side in pixels of the faces that a Row's network takes: its own, its network's, or the default."""
        return row.image_size or self.image_sizes.get(row.model, self.image_sizes["default"])

    def optimizer_of(self, row):
        """Return the optimizer's settings for a Row: those of the override, or of its own optimizer's name."""
        return self.optimizers[self.optimizer or row.optimizer]


def file_of(key):
    """Return the file that holds a key of the params, "section.row" or its section alone."""
    return next((file for file, keys in OWN.items() if key.partition(".")[0] in keys), "params.yaml")


def load(path="params.yaml", profile=None):
    """Return the Params in `path` and in OWN beside it, or raise InputError: the key's path, what was expected and what was received.

    profile: the one in force, where it is not the file's.
    """
    values, root = read(path), Path(path).parent
    for file, keys in OWN.items():
        own = read(root / file)
        if not isinstance(own, dict) or set(own) != set(keys) or set(own) & set(values):
            raise InputError(f"{root / file}: expected the keys {' and '.join(keys)}, and them here alone, received {sorted(own or ())}")
        values |= own
    values |= {"profile": profile} if profile else {}
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        said = explain(error)
        file = file_of(said.partition(":")[0])
        raise InputError(f"{root / file if file in OWN else path}: {said}") from None
