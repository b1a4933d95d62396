"""Typed, frozen, strict view of params.yaml: one class a section. The cheap stages read it; train reads its settings file."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from pipeline.errors import InputError
from pipeline.faces.names import SPLITS
from pipeline.parameters.faces import Faces, Sources, Splits
from pipeline.parameters.reader import read
from pipeline.parameters.rows import Grid, Row
from pipeline.parameters.values import Count, Share, unique
from pipeline.training.recipe import Adam, Recipe, Sgd
from pipeline.training.section import Section
from pipeline.training.settings import explain

SECTIONS = ("rows", "beyond", "grid")  # of rows


def _weights(text):
    if text != "imagenet" and not text.endswith((".h5", ".ckpt", ".tar.gz")):
        raise ValueError("imagenet, null, or the path of a .h5, .ckpt or .tar.gz file ({model} in it stands for the network's name)")
    return text


def _devices(value):
    if value not in ("auto", "cpu") and not (isinstance(value, int) and value > 0):
        raise ValueError("auto, cpu or a number of GPUs")
    return value


class Optimizers(Section):
    """The settings of both optimizers."""

    adam: Adam
    sgd: Sgd


class Training(Section):
    """How every row is trained, and on what."""

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
    batch_norm_faces: Count


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
    ensembles: Annotated[dict[Name, Annotated[list[str], Field(min_length=2), AfterValidator(unique)]], Field(min_length=1)]
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


def load(path="params.yaml"):
    """Return the Params in `path`, or raise InputError with the key's path, what was expected and what was received."""
    values = read(path)
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{path}: {explain(error)}") from None
