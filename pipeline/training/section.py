"""What every typed section of params.yaml and of a settings file is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of every typed section: frozen, strict, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
