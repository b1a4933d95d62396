"""Sections of params.yaml that name trainings: the rows, one by one, and the grid, every combination."""

from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pipeline.common.typed import Count, Typed, unique
from pipeline.dataset.names import SPLITS

NETWORKS = tuple(sorted(path.stem for path in Path(__file__).parents[1].joinpath("networks").glob("[A-Z]*.py")))
PAPER_RECIPE = "paper"  # of a row that names none


def _network(name):
    if name not in NETWORKS:
        raise ValueError(f"one of {', '.join(NETWORKS)}")
    return name


Network = Annotated[str, AfterValidator(_network)]


class Row(Typed):
    """One row of a table: a network with its data and settings."""

    data: Literal[SPLITS]
    model: Network
    optimizer: str  # a name of optimizers
    batch_size: Count
    image_size: Count | None = None  # None: as image_sizes says
    recipe: str = PAPER_RECIPE
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    fold: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _possible(self):
        if self.fold is not None and self.data != "unbalanced":
            raise ValueError(f"fold: expected none, for only unbalanced is split into folds, received {self.fold}")
        return self


def _choices(choice):
    return Annotated[list[choice], Field(min_length=1), AfterValidator(unique)]


class Grid(Typed):
    """The paper's search: every combination of data, network, optimizer and batch size is one training."""

    data: _choices(Literal[SPLITS])
    model: _choices(Network)
    optimizer: _choices(str)
    batch_size: _choices(Count)

    def rows(self):
        """Return {cell: Row} in the order of the lists, named as DVC names the stages of a matrix."""
        cells = product(self.data, self.model, self.optimizer, self.batch_size)
        return {"-".join(map(str, cell)): Row(**dict(zip(Row.model_fields, cell, strict=False))) for cell in cells}
