"""A list that checks write what they find into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from socsim.errors import ScenarioError
from socsim.scenario.document import Path

__all__ = ["Finding", "Findings"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a field of a parsed scenario, and how to mend it."""

    path: Path
    message: str
    fix: str


@dataclass(slots=True)
class Findings:
    """What the checks of one scenario found."""

    found: list[Finding] = field(default_factory=list)

    def add(self, path: Path, message: str, fix: str) -> None:
        """Note one finding; the same one is noted once."""
        finding = Finding(path, message, fix)
        if finding not in self.found:
            self.found.append(finding)

    def add_error(self, error: ScenarioError, path: Path = ()) -> None:
        """Note the problems of an error, at their own fields or else at ``path``."""
        for problem in error.problems:
            self.add(tuple(problem.field.split(".")) if problem.field else path, problem.message, problem.fix)

    def under(self, *path: str) -> bool:
        """Whether anything was found at or below a path."""
        return any(finding.path[: len(path)] == path for finding in self.found)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)
