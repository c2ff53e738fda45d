"""What all tables of a scenario file have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Confidence = Literal["VERIFIED", "SINGLE", "RECALL", "ASSUMED", "SYNTHETIC"]
Percent = Annotated[float, Field(ge=1.0, le=99.0)]


class Keys(BaseModel):
    """A table of a scenario file: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Programmes = list[Annotated[str, Field(min_length=1)]]
