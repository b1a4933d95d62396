"""What every typed section of params.yaml and of a settings file is: frozen, strict, and explained in one line where it is wrong."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Typed(BaseModel):
    """Base of every typed section: frozen, strict, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Share = Annotated[float, Field(ge=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None


def unique(names):
    """Return the names, or raise where one is given twice."""
    if len(set(names)) != len(names):
        raise ValueError("names that differ")
    return names


Emotions = Annotated[list[Annotated[str, Field(pattern=r"^[A-Za-z][\w -]*$")]], Field(min_length=2), AfterValidator(unique)]


TAGS = ("adam", "sgd")  # the names that tell kinds of one section apart


def explain(error):
    """Return the first problem of a pydantic ValidationError as one line: key's path, expected, received."""
    problems = error.errors(include_url=False)
    first = problems[0]
    loc = [key for key in first["loc"] if key != "[key]"]  # pydantic's mark where the key itself is wrong
    if len(loc) > 2 and loc[-2] in TAGS:  # pydantic names the chosen kind too, which is no key of the file
        del loc[-2]
    where = ".".join(map(str, loc)) or "top level"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if first["type"] == "value_error" and ": expected " in message:  # a check over a section names key and value itself
        return ".".join(map(str, (*loc, message)))
    if first["type"] == "extra_forbidden":
        message = "no such key"
    if first["type"].startswith("union_tag"):
        where, message = f"{where}.name", " or ".join(TAGS)
    if first["type"] == "missing":
        message, received = "this key", "nothing"
    else:
        received = repr(first["input"])
        received = received if len(received) < 120 else received[:117] + "..."
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: expected {message}, received {received}{more}"
