"""Everything socsim raises, as one tree.

    SocsimError
    ├── ScenarioError        a scenario, or data it names, cannot be used as written (exit code 2)
    │   └── NotYetAvailable  valid in the format, not built yet; never skipped in silence
    ├── ModelFileError       a model file is missing, broken or cannot be fetched
    ├── InferenceError       an engine could not answer
    │   ├── RateLimited      asked to wait (transient)
    │   ├── TimedOut         no answer in time (transient)
    │   ├── Unavailable      cannot be reached or is broken (transient)
    │   ├── BadReply         what came back is no reply (transient)
    │   └── Rejected         understood and not done; asking again is pointless
    │       ├── Refused          the model declined to answer
    │       ├── ContentFiltered  a filter took the reply away
    │       └── ContextOverflow  the prompt and its reply do not fit into the model's context
    ├── RunStopped           a cap that the scenario sets was reached; the run is incomplete and can be resumed
    ├── RecordError          the record is locked, damaged or does not hold what was asked of it
    │   └── ReplayMismatch   re-execution saw or did something else than was recorded
    ├── ClusterError         several machines cannot carry out a run together, or lost what they carried out
    ├── UndeclaredAccess     an interaction read or wrote what it had not declared (in tests and with ``--check``)
    └── UndeclaredRandomness Mesa's shared generator was used inside ``act``

What an agent *answers* badly is never raised: it is a recorded failure (see ``socsim.items.ParseFailure`` and
``socsim.inference.types.CallFailure``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

__all__ = [
    "BadReply",
    "ClusterError",
    "ContentFiltered",
    "ContextOverflow",
    "InferenceError",
    "ModelFileError",
    "NotYetAvailable",
    "Problem",
    "RateLimited",
    "RecordError",
    "Refused",
    "Rejected",
    "ReplayMismatch",
    "RunStopped",
    "ScenarioError",
    "SocsimError",
    "TimedOut",
    "Unavailable",
    "UndeclaredAccess",
    "UndeclaredRandomness",
    "nearest",
]


class SocsimError(Exception):
    """Base of all errors that socsim raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a scenario: where it stands, what was found, how to mend it.

    ``line`` and ``column`` count from 1; 0 means "no position known". ``field`` is the dotted path, e.g.
    ``items.services.options.2``.
    """

    message: str
    field: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    fix: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        head = ": ".join(part for part in (place, self.field, self.message) if part)
        return f"{head}. {self.fix}" if self.fix else head


class ScenarioError(SocsimError):
    """A scenario cannot be run as written. Holds every problem found, not just the first."""

    def __init__(self, problems: Sequence[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        if isinstance(problems, Problem):
            problems = (problems,)
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NotYetAvailable(ScenarioError):
    """The scenario is valid, but uses a part of the format that this version cannot run."""


class ModelFileError(SocsimError):
    """A model file is missing, damaged, unknown or could not be fetched."""


class InferenceError(SocsimError):
    """An engine could not answer a request."""

    transient = False


class RateLimited(InferenceError):
    """The engine asks to wait; ``retry_after_s`` is its own advice, if it gave any."""

    transient = True

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TimedOut(InferenceError):
    """No answer arrived within the stated time."""

    transient = True


class Unavailable(InferenceError):
    """The engine cannot be reached, or answered with an internal error."""

    transient = True


class Rejected(InferenceError):
    """The engine understood the request and refuses it; a retry would get the same answer."""


class BadReply(InferenceError):
    """What came back is no reply: malformed, truncated, of another model, or without content."""

    transient = True


class Refused(Rejected):
    """The model, or its provider, declined to answer; the text of the refusal is in the message."""


class ContentFiltered(Rejected):
    """A content filter took the reply away."""


class ContextOverflow(Rejected):
    """The prompt with the longest allowed reply is longer than the model's context."""


class RunStopped(SocsimError):
    """A cap on money, tokens, calls or time was reached. Nothing is lost: raise the cap and resume."""


class RecordError(SocsimError):
    """The record of a run is locked, damaged, of another version, or lacks what was asked of it."""


class ReplayMismatch(RecordError):
    """A re-execution differs from the record; the message names the first agent, step and call that does."""


class ClusterError(SocsimError):
    """Several machines cannot carry out a run together: no library, no cluster, no room, or something was lost."""


class UndeclaredAccess(SocsimError):
    """An interaction read or wrote a cell that it had not declared, so the result could depend on the order of replies."""


class UndeclaredRandomness(SocsimError):
    """Code inside ``act`` used the generator shared by all agents, so results would depend on arrival order."""


def nearest(found: str, allowed: Iterable[str]) -> str:
    """Advice on a name that is not known: the nearest spelling, else what is allowed (the first dozen).

    Example:
        >>> nearest("schoolng", ["age", "schooling"])
        'Did you mean schooling?'
    """
    names = [str(name) for name in allowed]
    by_lower = {name.lower(): name for name in reversed(names)}
    close = get_close_matches(found.lower(), by_lower, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {by_lower[close[0]]}?"
    if not names:
        return "There are none."
    rest = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"There are: {', '.join(names[:12])}{rest}."
