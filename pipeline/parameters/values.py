"""Values that several sections of params.yaml hold."""

from typing import Annotated

from pydantic import AfterValidator, Field

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None


def unique(names):
    """Return the names, or raise where one is given twice."""
    if len(set(names)) != len(names):
        raise ValueError("names that differ")
    return names


Emotions = Annotated[list[Annotated[str, Field(pattern=r"^[A-Za-z][\w -]*$")]], Field(min_length=2), AfterValidator(unique)]
