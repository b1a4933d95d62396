"""Sections of params.yaml that name trainings: the rows, one by one, and the grid, every combination."""

from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pipeline.faces.names import SPLITS
from pipeline.parameters.values import Count, unique
from pipeline.training.section import Section

NETWORKS = tuple(sorted(path.stem for path in Path(__file__).parents[1].joinpath("networks").glob("[A-Z]*.py")))
PAPER_RECIPE = "paper"  # of a row that names none


def _network(name):
    if name not in NETWORKS:
        raise ValueError(f"one of {', '.join(NETWORKS)}")
    return name


def _check_size(where, model, size):
    minimum = import_module(f"pipeline.networks.{model}").MINIMUM_SIZE
    if size < minimum:
        raise ValueError(f"{where}: expected at least {minimum} for {model}, received {size}")


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
    return Annotated[list[choice], Field(min_length=1), AfterValidator(unique)]


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
