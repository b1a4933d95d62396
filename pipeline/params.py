"""Typed, frozen, strict view of params.yaml: one class a section. The cheap stages read it; train reads its settings file."""

import re
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from pipeline.errors import InputError
from pipeline.faces.names import SPLITS
from pipeline.training.recipe import Adam, Recipe, Sgd
from pipeline.training.section import Section
from pipeline.training.settings import explain

NETWORKS = tuple(sorted(path.stem for path in Path(__file__).with_name("networks").glob("[A-Z]*.py")))

SECTIONS = ("rows", "beyond", "grid")  # of rows
PAPER_RECIPE = "paper"  # of a row that names none

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None


def _unique(names):
    if len(set(names)) != len(names):
        raise ValueError("names that differ")
    return names


Emotions = Annotated[list[Annotated[str, Field(pattern=r"^[A-Za-z][\w -]*$")]], Field(min_length=2), AfterValidator(_unique)]


def _network(name):
    if name not in NETWORKS:
        raise ValueError(f"one of {', '.join(NETWORKS)}")
    return name


def _check_size(where, model, size):
    minimum = import_module(f"pipeline.networks.{model}").MINIMUM_SIZE
    if size < minimum:
        raise ValueError(f"{where}: expected at least {minimum} for {model}, received {size}")


def _weights(text):
    if text != "imagenet" and not text.endswith((".h5", ".ckpt", ".tar.gz")):
        raise ValueError("imagenet, null, or the path of a .h5, .ckpt or .tar.gz file ({model} in it stands for the network's name)")
    return text


def _devices(value):
    if value not in ("auto", "cpu") and not (isinstance(value, int) and value > 0):
        raise ValueError("auto, cpu or a number of GPUs")
    return value


class Faces(Section):
    """What a face is: the classes and the picture."""

    emotions: Emotions
    size: Annotated[int, Field(ge=16, le=512)]
    resize: bool
    to_grayscale: bool


class Synthetic(Section):
    """The drawn faces: how many, and in which proportions."""

    faces: Count
    shares: dict[str, Count]


class Archive(Section):
    """A folder, zip, tar or CSV of faces."""

    path: str | None
    url: Annotated[str, Field(pattern="^https?://")] | None
    sha256: Sha256
    expected: Literal["fer2013"] | None
    folders: dict[str, str]
    csv_emotions: Emotions
    max_unpacked_bytes: Count
    licence: str


class Kaggle(Section):
    """A Kaggle data set in the folder layout."""

    dataset: Annotated[str, Field(pattern=r"^[\w-]+/[\w-]+$")]
    version: Count
    expected: Literal["fer2013"] | None
    licence: str


class HuggingFace(Section):
    """An archive in a Hugging Face data set repository."""

    repo: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None
    revision: Annotated[str, Field(pattern="^[0-9a-f]{40}$")] | None
    file: str | None
    sha256: Sha256
    expected: Literal["fer2013"] | None
    licence: str


class Sources(Section):
    """Where faces can come from; the profile chooses one."""

    synthetic: Synthetic
    archive: Archive
    kaggle: Kaggle
    huggingface: HuggingFace


class Splits(Section):
    """How faces are divided into train and test."""

    unbalanced: Literal["official", "percentage", "k-fold"]
    test_share: Annotated[float, Field(gt=0, lt=1)]
    folds: Annotated[int, Field(ge=2)]
    fold: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _fold_exists(self):
        if self.fold >= self.folds:
            raise ValueError(f"fold: expected below folds = {self.folds}, received {self.fold}")
        return self


class Optimizers(Section):
    """The settings of both optimizers."""

    adam: Adam
    sgd: Sgd


class Training(Section):
    """How every row is trained, and on what."""

    batch_norm_faces: Count
    backend: Literal["tensorflow", "jax", "torch"]
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    devices: Annotated[str | int, AfterValidator(_devices)]


class Evaluation(Section):
    """How every row is scored."""

    batch_size: Count
    bootstrap: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Report(Section):
    """How tables and figures look."""

    dpi: Annotated[int, Field(ge=50, le=600)]


class Row(Section):
    """One row of a table: a network with its data and settings."""

    data: Literal[SPLITS]
    model: Annotated[str, AfterValidator(_network)]
    optimizer: Literal["adam", "sgd"]
    batch_size: Count
    image_size: Count
    recipe: str = PAPER_RECIPE
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    fold: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _possible(self):
        if self.fold is not None and self.data != "unbalanced":
            raise ValueError(f"fold: expected none, for only unbalanced is split into folds, received {self.fold}")
        _check_size("image_size", self.model, self.image_size)
        return self


def _choices(choice):
    return Annotated[list[choice], Field(min_length=1), AfterValidator(_unique)]


class Grid(Section):
    """The paper's search: every combination of data, network, optimizer and batch size is one training."""

    data: _choices(Literal[SPLITS])
    model: _choices(Annotated[str, AfterValidator(_network)])
    optimizer: _choices(Literal["adam", "sgd"])
    batch_size: _choices(Count)
    image_sizes: dict[Annotated[str, AfterValidator(_network)], Count]

    @model_validator(mode="after")
    def _possible(self):
        for model, size in self.image_sizes.items():
            _check_size(f"image_sizes.{model}", model, size)
        return self

    def rows(self, face_size):
        """Return {cell: Row} in the order of the lists, named as DVC names the stages of a matrix."""
        cells = product(self.data, self.model, self.optimizer, self.batch_size)
        return {"-".join(map(str, cell)): self._row(*cell, self.image_sizes.get(cell[1], face_size)) for cell in cells}

    def _row(self, data, model, optimizer, batch_size, image_size):
        return Row(data=data, model=model, optimizer=optimizer, batch_size=batch_size, image_size=image_size)


class Cluster(Section):
    """What one cell takes of a cluster, and how often it is tried again."""

    cpus: Annotated[float, Field(gt=0)]
    gpus: Annotated[float, Field(ge=0)]
    retries: Annotated[int, Field(ge=0)]


class Profile(Section):
    """What a run costs."""

    source: Literal["synthetic", "archive", "kaggle", "huggingface"]
    synthetic_faces: Count | None
    weights: Annotated[str, AfterValidator(_weights)] | None
    epochs: dict[Literal[SPLITS], Count]
    train_faces: Count | None
    validation_share: Share
    max_batch_size: Count | None


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")]  # of a stage and a folder
Rows = dict[Name, Row]


class Params(Section):
    """The whole of params.yaml."""

    profile: str
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    optimizer: Literal["adam", "sgd"] | None
    batch_size: Count | None
    epochs: Count | None
    faces: Faces
    sources: Sources
    splits: Splits
    optimizers: Optimizers
    training: Training
    evaluation: Evaluation
    report: Report
    rows: Rows
    beyond: Rows
    grid: Grid
    cluster: Cluster
    ensembles: Annotated[dict[Name, Annotated[list[str], Field(min_length=2), AfterValidator(_unique)]], Field(min_length=1)]
    recipes: dict[str, Recipe]
    profiles: dict[str, Profile]

    @model_validator(mode="after")
    def _names_exist(self):
        for section in ("rows", "beyond"):
            rows = self.section(section)
            for name in {"settings", "timings"} & set(rows):
                raise ValueError(f"{section}.{name}: expected another name, for models/{name} is taken, received {name!r}")
            for name, row in rows.items():
                self._check_recipe(f"{section}.{name}", row)
        for name, rows in self.ensembles.items():
            for row in set(rows) - set(self.beyond):
                raise ValueError(f"ensembles.{name}: expected rows of beyond, received {row!r}")
        if self.profile not in self.profiles:
            raise ValueError(f"profile: expected one of {', '.join(self.profiles)}, received {self.profile!r}")
        return self

    def _check_recipe(self, where, row):
        if row.recipe not in self.recipes:
            raise ValueError(f"{where}.recipe: expected one of {', '.join(self.recipes)}, received {row.recipe!r}")
        own = self.recipes[row.recipe].optimizer
        if own and own.name != row.optimizer:
            raise ValueError(f"{where}.optimizer: expected {own.name}, as recipe {row.recipe} says, received {row.optimizer!r}")

    @property
    def chosen(self):
        """The Profile in force."""
        return self.profiles[self.profile]

    def section(self, name):
        """Return the rows of a section, {name: Row}, or raise InputError."""
        if name not in SECTIONS:
            raise InputError(f"--section: expected one of {', '.join(SECTIONS)}, received {name!r}")
        if name != "grid":
            return getattr(self, name)
        try:
            return self.grid.rows(self.faces.size)
        except ValidationError as error:
            raise InputError(f"params.yaml: grid.{explain(error)}") from None

    def optimizer_of(self, row):
        """Return the optimizer's settings for a Row: the override's, its recipe's, or those of its own optimizer's name."""
        own = self.recipes[row.recipe].optimizer
        return own if own and self.optimizer in (None, own.name) else getattr(self.optimizers, self.optimizer or row.optimizer)


class UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key given twice, where PyYAML would keep the last."""

    def construct_mapping(self, node, deep=False):
        """Return the mapping, or raise for a repeated key."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"key {key!r} given twice{node.start_mark}")
        return super().construct_mapping(node, deep)


UniqueKeyLoader.add_implicit_resolver(  # YAML 1.2's floats, as DVC writes them: PyYAML reads 1e-05 as text
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def load(path="params.yaml"):
    """Return the Params in `path`, or raise InputError with the key's path, what was expected and what was received."""
    try:
        values = yaml.load(Path(path).read_text(encoding="utf-8"), UniqueKeyLoader)  # noqa: S506 a SafeLoader
    except FileNotFoundError:
        raise InputError(f"expected {path} in the working folder, found none; run from the repository's root") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: expected YAML, received: {error}") from None
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{path}: {explain(error)}") from None
