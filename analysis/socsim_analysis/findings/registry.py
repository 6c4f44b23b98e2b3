"""The registry: every finding about people (and, apart, about other simulators), its number, source and how it was checked.

One YAML file each, beside this module. A finding is of one of three classes: ``quantitative`` (the figure was read in the source
or computed from data), ``direction`` (only the sign is used, whatever figures are quoted elsewhere) and ``simulation`` (what
other simulations of language models gave; never people).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML

from socsim_analysis.findings.words import WordList, word_lists

__all__ = [
    "Estimate",
    "Finding",
    "FindingError",
    "Margin",
    "Precondition",
    "Source",
    "StatisticOf",
    "find_finding",
    "read_finding",
    "registry",
]

Class = Literal["quantitative", "direction", "simulation"]
CHECKS = ("control_error", "exact_truths", "first_round_spread", "reaction", "recognition")
"""Preconditions that there are: what each measures says `socsim_analysis.preconditions`."""


class FindingError(ValueError):
    """A file of the registry is damaged, or there is no finding of a name."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StatisticOf(_Part):
    """What the finding is a number of."""

    name: str = ""
    """A name of `socsim_analysis.designs.STATISTICS`; empty where no run of this version gives it."""
    options: dict[str, str | int | float] = Field(default_factory=dict)
    """Further arguments of the statistic for the table of people, such as the arm."""
    contrast: bool = False
    """Whether it is a difference between two arms, of which the second is named when a run is compared."""
    how: str = Field(min_length=1)
    """How it is computed from a run, in words."""
    unit: str = Field(min_length=1)
    """Unit of the number."""


class Estimate(_Part):
    """The number, with its interval where the source or the data give one."""

    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = Field(default=None, gt=0.0, lt=1.0)
    interval: str = Field(min_length=1)
    """How the interval was made, or "none given"."""
    n: int | None = Field(default=None, gt=0)
    units: str = ""
    """What n counts."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [self.low is not None, self.high is not None, self.level is not None]
        if any(given) != all(given):
            raise ValueError("an interval has low, high and level, or none of them")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError("the value lies outside its interval")
        return self


class Margin(_Part):
    """The largest difference that does not matter, either way, and why."""

    value: float = Field(gt=0.0)
    why: str = Field(min_length=1)


class Source(_Part):
    """Where the finding was published."""

    text: str = Field(min_length=1)
    year: int = Field(ge=1900, le=2100)
    where: str = ""
    """Table, figure or page."""
    doi: str = ""


class Precondition(_Part):
    """What must hold in a run before it is held against the finding."""

    check: Literal["control_error", "exact_truths", "first_round_spread", "reaction", "recognition"]
    at_most: float | None = None
    at_least: float | None = None
    words: tuple[str, ...] = ()
    """``recognition`` only: words by which an answer shows that the study was recognised; see `socsim.word_search`."""
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("a precondition has one bound: at_most or at_least")
        if (self.check == "recognition") != bool(self.words):
            raise ValueError("recognition, and only it, has words: without any, nobody would ever be found to recognise a study")
        return self

    def holds(self, measured: float) -> bool:
        """Whether a measured value keeps to the bound; a missing one does not."""
        if math.isnan(measured):
            return False
        return measured <= self.at_most if self.at_most is not None else measured >= (self.at_least or 0.0)

    @property
    def rule(self) -> str:
        """The bound in words."""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"


class Finding(_Part):
    """One finding; see the module."""

    finding: str = Field(pattern=r"^[a-z0-9]+\.[a-z0-9_]+$")
    """Its name: study and quantity."""
    class_: Class = Field(alias="class")
    title: str = Field(min_length=1)
    claim: str = Field(min_length=1)
    """What holds of people, in one sentence."""
    population: str = Field(min_length=1)
    design: tuple[str, ...] = Field(min_length=1)
    """Who saw what, in sentences."""
    statistic: StatisticOf
    direction: Literal["up", "down"] | None = None
    """The sign of the statistic, for findings of direction."""
    estimate: Estimate | None = None
    margin: Margin | None = None
    source: Source
    verification: str = Field(min_length=1)
    """How the finding was checked."""
    licence: str = Field(min_length=1)
    known_failures: tuple[str, ...] = ()
    """How language models are known to fail on it."""
    preconditions: tuple[Precondition, ...] = ()
    words: str = ""
    """The family whose words, in ``words.yaml``, give the study away; every finding about people has one."""
    study: str = ""
    """The scenario that reproduces its design, from the checkout's root."""

    @model_validator(mode="after")
    def _of_its_class(self) -> Self:
        if self.class_ == "direction":
            if self.direction is None or self.estimate is not None or self.margin is not None:
                raise ValueError("a finding of direction has a direction, and neither estimate nor margin")
        elif self.estimate is None or self.direction is not None:
            raise ValueError(f"a {self.class_} finding has an estimate, and no direction")
        if (self.class_ == "quantitative") != (self.margin is not None):
            raise ValueError("quantitative findings, and only they, have a margin")
        if self.of_people != bool(self.words):
            raise ValueError("findings about people, and only they, name the words that give the study away")
        return self

    @property
    def of_people(self) -> bool:
        """Whether it is about people; the others are about simulations."""
        return self.class_ != "simulation"

    @property
    def word_list(self) -> WordList | None:
        """The words that give the study away; None for findings about simulations."""
        return word_lists()[self.words] if self.words else None

    def cite(self) -> str:
        """Source with place and DOI, and how it was checked."""
        place = f", {self.source.where}" if self.source.where else ""
        doi = f" https://doi.org/{self.source.doi}" if self.source.doi else ""
        return f"{self.source.text.rstrip('.')}{place}.{doi} Checked: {self.verification}"


def read_finding(text: str, name: str) -> Finding:
    """A finding from the text of its file.

    Raises:
        FindingError: it is not valid; names every field.
    """
    try:
        return Finding.model_validate(YAML(typ="safe", pure=True).load(text))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the finding'}: {one['msg']}" for one in error.errors())
        raise FindingError(f"{name}: {problems}") from error


@cache
def registry() -> dict[str, Finding]:
    """All findings by name, in alphabetical order.

    Raises:
        FindingError: a file is damaged, is not called as its finding, or two have one name.
    """
    found = sorted((finding for finding in _all()), key=lambda finding: finding.finding)
    return {finding.finding: finding for finding in found}


def _all() -> Iterator[Finding]:
    for entry in resources.files("socsim_analysis.findings").iterdir():
        if not entry.name.endswith(".yaml"):
            continue
        text = entry.read_text(encoding="utf-8")
        if "\nclass:" not in text:
            continue  # a distribution, see `socsim_analysis.findings`, or the lists of words
        finding = read_finding(text, entry.name)
        if entry.name != finding.finding.replace(".", "_") + ".yaml":
            raise FindingError(f"{entry.name}: the finding {finding.finding} belongs into a file called like it")
        if finding.words and finding.words not in word_lists():
            raise FindingError(f"{entry.name}: there are no words of {finding.words!r} in words.yaml")
        yield finding


def find_finding(name: str) -> Finding:
    """The finding of a name.

    Raises:
        FindingError: there is none; the message names those that are near.
    """
    from difflib import get_close_matches

    known: dict[str, Any] = registry()
    if name in known:
        found: Finding = known[name]
        return found
    near = get_close_matches(name, known, 3, 0.4) or [one for one in known if one.startswith(name.partition(".")[0])][:3]
    tail = f"did you mean {', '.join(near)}?" if near else "socsim findings list shows all"
    raise FindingError(f"there is no finding {name!r}; {tail}")
