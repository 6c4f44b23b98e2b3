"""Ready-made scripts for `socsim.inference.scripted.ScriptedEngine`: rules for replies, latencies and failures.

All are pure functions of the request and the seed, so that a run on them gives the same at any concurrency.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

from socsim.errors import InferenceError
from socsim.inference.types import Request

__all__ = ["FailingShare", "LogNormalLatency", "Rules", "share_of"]

Condition = str | Callable[[Request], bool]
_NORMAL = NormalDist()


def share_of(name: str, request: Request, seed: int) -> float:
    """A number in [0, 1) that belongs to a request and a seed: the same whenever it is asked for."""
    digest = hashlib.blake2b(f"{name}/{seed}/".encode() + request.content(), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> 11) * 2.0**-53


class Rules:
    """Replies by rule: that of the first rule whose condition holds.

    Args:
        rules: (condition, replies): a condition is a text that the last segment of the prompt contains, whatever its case, or
            a function of the request; of several replies one is chosen by the seed.
        otherwise: the reply where no rule's condition holds.

    Example:
        >>> from socsim.inference.types import Segment
        >>> rules = Rules([("tax", ["Too high."]), ("school", ["Too few."])], otherwise="I don't know.")
        >>> rules(Request("text", (Segment("user", "What about schools?"),)), 0)
        'Too few.'
    """

    def __init__(self, rules: Sequence[tuple[Condition, Sequence[str]]], otherwise: str) -> None:
        if any(isinstance(replies, str) or not replies for _, replies in rules):
            raise ValueError("the replies of a rule are a list with at least one text")
        self._rules = tuple((condition, tuple(replies)) for condition, replies in rules)
        self._otherwise = otherwise

    def __call__(self, request: Request, seed: int) -> str:
        """The reply to a request."""
        for condition, replies in self._rules:
            if _holds(condition, request):
                return replies[int(share_of("rules", request, seed) * len(replies))]
        return self._otherwise


def _holds(condition: Condition, request: Request) -> bool:
    if callable(condition):
        return condition(request)
    return bool(request.segments) and condition.casefold() in request.segments[-1].text.casefold()


class LogNormalLatency:
    """Latencies whose logarithms are normal: exp(ln(median) + sigma · z).

    Args:
        median_s: the median, in seconds, above 0.
        sigma: standard deviation of the logarithm, 0 or above; language models have about .3 to 1.
        longest_s: longer ones are cut to it.
    """

    def __init__(self, median_s: float, sigma: float, longest_s: float = math.inf) -> None:
        if median_s <= 0.0 or sigma < 0.0:
            raise ValueError("median_s must be above 0 and sigma 0 or above")
        self._log_median = math.log(median_s)
        self._sigma = sigma
        self._longest_s = longest_s

    def __call__(self, request: Request, seed: int) -> float:
        """Seconds that a call takes."""
        share = max(share_of("latency", request, seed), 2.0**-54)
        return min(self._longest_s, math.exp(self._log_median + self._sigma * _NORMAL.inv_cdf(share)))


class FailingShare:
    """A share of all attempts fails, each with one of several errors.

    Args:
        share: of attempts, 0 to 1.
        errors: functions that make the error of an attempt, such as ``lambda: Unavailable("down")``.
    """

    def __init__(self, share: float, errors: Sequence[Callable[[], InferenceError]]) -> None:
        if not 0.0 <= share <= 1.0 or not errors:
            raise ValueError("share must be 0 to 1, and there must be an error to choose")
        self._share = share
        self._errors = tuple(errors)

    def __call__(self, request: Request, seed: int, attempt: int) -> InferenceError | None:
        """The error of an attempt, None where it succeeds."""
        drawn = share_of(f"failure {attempt}", request, seed)
        if drawn >= self._share:
            return None
        return self._errors[min(int(drawn / self._share * len(self._errors)), len(self._errors) - 1)]()
