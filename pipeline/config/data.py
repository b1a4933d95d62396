"""Sections of params.yaml on the faces: what one is, where they come from, how they are divided."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, create_model, model_validator

from pipeline.common.typed import Count, Emotions, Sha256, Typed

FER2013_CSV = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]  # of fer2013.csv


def _name(key):
    # YAML reads a bare 1 as a number and a bare no as false: of the first the folder's name is known, of the second it is not.
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    if not isinstance(key, str):
        raise ValueError("a name, in quotes where YAML would read something else")
    return key


Name = Annotated[str, BeforeValidator(_name)]  # of a folder or of a value in a CSV
Part = Literal["train", "validation", "test"]


class Faces(Typed):
    """What a face is: the classes and the picture."""

    emotions: Emotions
    size: Annotated[int, Field(ge=16, le=512)]
    resize: bool
    to_grayscale: bool


class Synthetic(Typed):
    """The synthetic faces: how many, and in which proportions."""

    faces: Count
    class_counts: dict[str, Count]


class Archive(Typed):
    """A folder, zip, tar or CSV of faces."""

    path: str | None
    url: Annotated[str, Field(pattern="^https?://")] | None
    sha256: Sha256
    expected: Literal["fer2013"] | None
    folders: dict[Name, str | None]  # to emotions; null: its faces are left out
    parts: dict[Name, Part | None] = {}  # folders above them, or values of a CSV's column usage; null: left out
    csv_emotions: Annotated[list[str | None], Field(min_length=2)] = FER2013_CSV  # of the numbers 0, 1, ...; null: left out
    max_unpacked_bytes: Count
    licence: str


class Kaggle(Typed):
    """A Kaggle data set in the folder layout."""

    dataset: Annotated[str, Field(pattern=r"^[\w-]+/[\w-]+$")]
    version: Count
    sha256: Sha256 = None  # of the files' names and contents, as data/raw/source.json gives it; None: any
    expected: Literal["fer2013"] | None
    licence: str = "as its page says"


class HuggingFace(Typed):
    """An archive in a Hugging Face data set repository."""

    repo: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None
    revision: Annotated[str, Field(pattern="^[0-9a-f]{40}$")] | None
    file: str | None
    sha256: Sha256
    expected: Literal["fer2013"] | None
    licence: str = "as its page says"


class Sources(Typed):
    """Where faces can come from; the profile chooses one."""

    synthetic: Synthetic
    archive: Archive
    kaggle: Kaggle
    huggingface: HuggingFace


class Splits(Typed):
    """How faces are divided into train and test."""

    unbalanced: Literal["official", "percentage", "k-fold", "given"]  # given: official where faces have parts, else percentage
    test_size: Annotated[float, Field(gt=0, lt=1)]
    folds: Annotated[int, Field(ge=2)]
    fold: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _fold_exists(self):
        if self.fold >= self.folds:
            raise ValueError(f"fold: expected below folds = {self.folds}, received {self.fold}")
        return self


def partial(section):
    """Return a type with the keys of a section, of which each may be left out: what a profile says in place of the section's own."""
    keys = {name: (field.rebuild_annotation(), None) for name, field in section.model_fields.items()}
    return create_model(f"Partial{section.__name__}", __base__=Typed, **keys)
