"""Findings about people, as typed data: the numbers, where they come from, and how they were checked."""

from __future__ import annotations

from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML

__all__ = ["DistributionFinding", "ReferenceRow", "known_findings", "load_finding"]


class ReferenceRow(BaseModel):
    """A simple distribution that helps to read a distance: ``uniform``, or one option chosen ``always``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    uniform: bool = False
    always: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ReferenceRow:
        if self.uniform == (self.always is not None):
            raise ValueError("a reference row is either uniform or always one option")
        return self


class DistributionFinding(BaseModel):
    """Shares of people who chose each option.

    ``percent`` are as printed in the source and may not sum to exactly 100; `probabilities` do sum to 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    finding: str
    title: str
    source: str
    doi: str
    year: int
    kind: str = Field(pattern="^distribution$")
    options: tuple[str, ...]
    values: tuple[float, ...]
    percent: tuple[float, ...]
    n: int = Field(gt=0)
    """People in the sample."""
    verification: str
    words: str
    """The family whose words, in ``words.yaml``, give the study away."""
    references: dict[str, ReferenceRow] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> DistributionFinding:
        if not len(self.options) == len(self.values) == len(self.percent):
            raise ValueError("options, values and percent must be equally many")
        if min(self.percent) < 0 or not 99.0 <= sum(self.percent) <= 101.0:
            raise ValueError("percent must be 0 or more and sum to about 100")
        strange = [row.always for row in self.references.values() if row.always not in (None, *self.options)]
        if strange:
            raise ValueError(f"reference rows name no option: {strange}")
        return self

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Shares that sum to 1."""
        total = sum(self.percent)
        return tuple(share / total for share in self.percent)

    def reference_distributions(self) -> dict[str, tuple[float, ...]]:
        """The reference rows as distributions over the options."""
        k = len(self.options)
        return {
            name: (1.0 / k,) * k if row.uniform else tuple(float(option == row.always) for option in self.options)
            for name, row in self.references.items()
        }


def known_findings() -> tuple[str, ...]:
    """Names of all findings shipped with the package."""
    return tuple(sorted(_files()))


def load_finding(name: str) -> DistributionFinding:
    """The finding called ``name``, e.g. ``money_request.basic``.

    Raises:
        KeyError: there is none of this name; the message lists those there are.
        ValueError: its file is damaged.
    """
    files = _files()
    if name not in files:
        raise KeyError(f"no finding {name!r}; known are {', '.join(sorted(files))}")
    try:
        return DistributionFinding.model_validate(files[name])
    except ValidationError as error:
        raise ValueError(f"finding {name!r} is damaged: {error}") from error


@cache
def _files() -> dict[str, object]:
    found = {}
    for entry in resources.files(__name__).iterdir():
        if not entry.name.endswith(".yaml"):
            continue
        text = entry.read_text(encoding="utf-8")
        if "\nkind:" in text:  # others are read by `socsim_analysis.findings.registry`, or are lists of words
            data = YAML(typ="safe", pure=True).load(text)
            found[str(data["finding"])] = data
    return found
