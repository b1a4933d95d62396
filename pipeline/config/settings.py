"""The settings file of one row: everything, besides faces and code, that can change the trained bytes.

A row's recipe is off in every part unless params.yaml turns it on.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from pipeline.common.errors import InputError
from pipeline.common.files import write_json
from pipeline.common.typed import Positive, Probability, Share, Typed, explain
from pipeline.common.workspace import stage_of


class Adam(Typed):
    """Adam (Kingma and Ba, 2015)."""

    name: Literal["adam"]
    learning_rate: Positive
    beta_1: Share
    beta_2: Share
    epsilon: Positive


class Sgd(Typed):
    """Stochastic gradient descent with momentum, Nesterov's form of it if asked for."""

    name: Literal["sgd"]
    learning_rate: Positive
    momentum: Share
    nesterov: bool = False


Optimizer = Annotated[Adam | Sgd, Field(discriminator="name")]


class Augmentation(Typed):
    """Changes of the training faces, drawn anew at each step: see augmentation.augment for their arithmetic."""

    flip: bool = False  # left and right, half of the faces
    translate: Annotated[float, Field(ge=0, le=0.5)] = 0.0  # at most, as a share of the side
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0  # at most, in degrees
    scale: Annotated[float, Field(ge=0, le=0.5)] = 0.0  # at most, as a share
    brightness: Share = 0.0  # at most, as a share of white
    contrast: Share = 0.0  # at most, as a share
    random_erasing: Probability = 0.0  # share of the faces that lose a rectangle (Zhong et al., 2020)
    mixup: Annotated[float, Field(ge=0)] = 0.0  # alpha of the Beta distribution of the shares; 0: none (Zhang et al., 2018)

    @property
    def moves(self):
        """Whether faces are resampled."""
        return bool(self.flip or self.translate or self.rotation or self.scale)


class SizePhase(Typed):
    """A size of the faces for the first part of a training."""

    until: Annotated[float, Field(gt=0, lt=1)]  # share of the epochs
    size: Annotated[int, Field(ge=16)]  # pixels


class Recipe(Typed):
    """What a training does beyond the plain loop."""

    schedule: Literal["constant", "cosine", "one-cycle"] = "constant"  # of the learning rate: see optimizer.rate_at
    warm_up: Share = 0.0  # share of the steps in which the rate rises linearly
    weight_decay: Share = 0.0  # kernels only; a step shrinks them by rate x weight_decay (Loshchilov and Hutter, 2019)
    clip_norm: Positive | None = None  # of all gradients together (Pascanu et al., 2013)
    label_smoothing: Share = 0.0  # share of the target spread evenly over all emotions (Szegedy et al., 2016)
    class_weighting: Literal["none", "loss", "sampling"] = "none"  # rare emotions weigh more in the loss, or are drawn more often
    ema: Share = 0.0  # moving average of the weights, by step; validated and kept in their place (Polyak and Juditsky, 1992)
    dropout: Share = 0.0  # before the last layer (Srivastava et al., 2014)
    progressive_resizing: list[SizePhase] = []  # smaller faces first (Howard, in Coleman et al., 2018); in the order of `until`
    augmentation: Augmentation = Augmentation()

    @model_validator(mode="after")
    def _sizes_ascend(self):
        ends = [part.until for part in self.progressive_resizing]
        if ends != sorted(set(ends)):
            raise ValueError(f"progressive_resizing: expected rising values of until, received {ends}")
        return self


class Settings(Typed):
    """What one row trains with, overrides and profile applied; docs/training.md describes each value."""

    row: str
    data: str
    model: str
    image_size: int
    face_size: int
    emotions: list[str]
    pretrained: str | None  # imagenet, or the path of a file
    pretrained_sha256: str | None  # of that file
    optimizer: Optimizer
    recipe: Recipe
    batch_size: int
    epochs: int
    batch_norm_faces: int
    seed: int
    fold: int | None
    backend: str
    precision: str
    devices: str | int
    threads: int | None

    def digest(self):
        """Return 64 hexadecimal digits that stand for all of the settings."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()

    def write(self, path):
        """Write the settings as JSON."""
        write_json(path, self.model_dump())

    @classmethod
    def read(cls, path):
        """Return the settings in `path`, or raise InputError."""
        return read_as(cls, path, "resolve")


class Inputs(Typed):
    """Digests of the faces and the split that a row trains on today, beside its settings: what was trained on others is stale."""

    faces_sha256: str  # of data/rgb/faces.npy
    split_sha256: str  # see dataset.split_file.sha256_of

    def write(self, path):
        """Write them as JSON."""
        write_json(path, self.model_dump())

    @classmethod
    def read(cls, path):
        """Return what is in `path`, or raise InputError."""
        return read_as(cls, path, "resolve")


class Trained(Typed):
    """network.json beside trained weights: the settings, whose emotions name the outputs, and what made the weights of them."""

    settings: Settings
    faces_sha256: str  # of data/rgb/faces.npy
    split_sha256: str  # see dataset.split_file.sha256_of
    source_sha256: str | None = None  # of the code: see training.source; None: not recorded
    machine: dict | None = None  # common.fingerprint of where it was trained; None: not recorded

    def write(self, path):
        """Write it as JSON."""
        write_json(path, self.model_dump())

    @classmethod
    def read(cls, path):
        """Return what is in `path`, or raise InputError."""
        return read_as(cls, path, "train")


def read_as(kind, path, stage):
    """Return the `kind` in the JSON file at `path`, or raise InputError; stage: what writes it, for all rows or for the folder's."""
    path = Path(path)
    again = f"run `dvc repro {stage_of(path, stage if stage == 'resolve' else f'{stage}@{path.parent.name}')}`"
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"expected settings in {path}, found none; {again}") from None
    except ValidationError as error:
        raise InputError(f"{path}: {explain(error)}; {again}") from None
