"""Options and wording of ``estimates``: numbers revised after seeing those of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.base import Spec

__all__ = ["WORDING_ESTIMATES", "EstimatesOptions", "SignalSpec"]


class SignalSpec(Spec):
    """A number shown to everybody as if it came from others: ``{value: 300}`` or ``{column: signal}``."""

    value: float | None = Field(default=None, allow_inf_nan=False)
    """The same for all items."""
    column: Literal["signal", "truth"] | None = None
    """The item's own ``signal`` or ``truth``, which a table of items may hold in a column of that name."""
    times: float = Field(default=1.0, gt=0.0, allow_inf_nan=False)
    """Factor of the number, such as 1.5 for a signal half as large again as the truth."""

    @model_validator(mode="after")
    def _one_source(self) -> SignalSpec:
        if (self.value is None) == (self.column is None):
            raise ValueError("a signal has one source: {value: NUMBER}, {column: signal} or {column: truth}")
        return self


class EstimatesOptions(Spec):
    """Options of ``estimates``."""

    signal: SignalSpec | None = None
    """Shown to everybody instead of what others really answered."""


WORDING_ESTIMATES: Mapping[str, str] = {
    "mean": "Other people have answered the same question. The average of their answers is {value}.\n",
    "median": "Other people have answered the same question. The median of their answers is {value}.\n",
    "each": "Other people have answered the same question. Their answers are: {value}.\n",
}
"""What is shown, for each ``summary``."""
