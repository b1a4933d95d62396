"""The settings file of one row: everything, besides faces and code, that can change the trained bytes."""

from pathlib import Path

from pydantic import ValidationError

from pipeline.errors import InputError
from pipeline.files import write_json
from pipeline.training.recipe import Optimizer, Recipe
from pipeline.training.section import Section
from pipeline.workspace import stage_of


class Settings(Section):
    """What one row trains with, overrides and profile applied; params.yaml describes each value."""

    row: str
    data: str
    model: str
    image_size: int
    face_size: int
    emotions: list[str]
    weights: str | None  # imagenet, or the path of a file
    weights_sha256: str | None  # of that file
    optimizer: Optimizer
    recipe: Recipe
    batch_size: int
    epochs: int
    train_faces: int | None
    validation_share: float
    batch_norm_faces: int
    seed: int
    fold: int | None
    source: str
    source_sha256: str | None
    backend: str
    precision: str
    devices: str | int

    def write(self, path):
        """Write the settings as JSON."""
        write_json(path, self.model_dump())

    @classmethod
    def read(cls, path):
        """Return the settings in `path`, or raise InputError."""
        try:
            return cls.model_validate_json(Path(path).read_bytes())
        except FileNotFoundError:
            raise InputError(f"expected settings in {path}, found none; run `dvc repro {stage_of(path, 'resolve')}`") from None
        except ValidationError as error:
            raise InputError(f"{path}: {explain(error)}; run `dvc repro {stage_of(path, 'resolve')}`") from None


def explain(error):
    """Return the first problem of a pydantic ValidationError as one line: key's path, expected, received."""
    problems = error.errors(include_url=False)
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"]) or "top level"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if first["type"] == "value_error" and ": expected " in message:  # a check over a section names key and value itself
        return ".".join(str(part) for part in (*first["loc"], message))
    if first["type"] == "extra_forbidden":
        message = "no such key"
    if first["type"].startswith("union_tag"):
        where, message = f"{where}.name", "adam or sgd"
    if first["type"] == "missing":
        message, received = "this key", "nothing"
    else:
        received = repr(first["input"])
        received = received if len(received) < 120 else received[:117] + "..."
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: expected {message}, received {received}{more}"
