"""Hard caps on a run: money, tokens, calls and time, over all its processes.

Before an attempt, what it may take is set aside; afterwards that is replaced by what it took. So calls in flight cannot
carry a run far beyond a cap. It knows nothing of prompts or records; it is told numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from socsim.errors import Problem, RunStopped, ScenarioError
from socsim.inference.prices import cost_usd, price_for
from socsim.inference.types import Usage
from socsim.scenario.engines import BudgetSpec, InferenceSpec

__all__ = ["Spending", "Spent", "check_budget"]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has taken: calls, tokens, and seconds of earlier processes."""

    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    elapsed_s: float = 0.0

    @classmethod
    def from_totals(cls, totals: Mapping[str, int], elapsed_s: float) -> Spent:
        """From `RecordStore.totals` and the time that a manifest gives."""
        usage = Usage(totals["prompt_tokens"], totals["completion_tokens"], totals["cached_tokens"])
        return cls(totals["calls"] - totals.get("reused", 0), usage, elapsed_s)


def check_budget(spec: InferenceSpec) -> None:
    """Refuse a cap on money where no price is known.

    Raises:
        ScenarioError: names the field.
    """
    if spec.budget.usd is not None and price_for(spec) is None:
        fix = "Give them in US dollars per million tokens: inference.prices: {input: …, output: …}"
        raise ScenarioError(
            Problem(
                f"the price of {' and '.join(spec.labels)} is not known, so money cannot be capped",
                "inference.budget.usd",
                fix=fix,
            )
        )


class Spending:
    """What a run takes, held against its caps. Used from one event loop.

    Args:
        spec: the scenario's inference part.
        already: what earlier processes of the run took.
        clock: seconds that only grow.
    """

    def __init__(self, spec: InferenceSpec, already: Spent | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        already = already or Spent()
        self._budget = spec.budget
        self._deadline_s = spec.limits.deadline_s
        self._price = price_for(spec)
        self._batch = spec.batch is not None
        self._calls = already.calls
        self._usage = already.usage
        self._before_s = already.elapsed_s
        self._clock = clock
        self._begun = clock()
        self._reserved: dict[int, Usage] = {}
        self._numbers = 0
        self._aside = Usage()

    @property
    def usd(self) -> float | None:
        """Money spent so far, without what is set aside; None where no price is known."""
        return None if self._price is None else cost_usd(self._price, self._usage, batch=self._batch)

    def admit(self, prompt_tokens: float, completion_tokens: float, calls: int = 1) -> int:
        """Set tokens aside for an attempt at so many calls; returns a number to give back to `settle`.

        An attempt counts as calls whether it is answered or not: a server that never answers must not be asked for ever.

        Raises:
            RunStopped: a cap is reached, or would be passed.
        """
        wanted = Usage(int(prompt_tokens), int(completion_tokens))
        reason = self._reason(wanted, calls)
        if reason:
            raise RunStopped(reason)
        self._numbers += 1
        self._calls += calls
        self._reserved[self._numbers] = wanted
        self._aside = _sum(self._aside, wanted)
        return self._numbers

    def settle(self, number: int, usage: Usage | None) -> None:
        """Replace what was set aside by what the attempt took; None where it was not answered."""
        wanted = self._reserved.pop(number)
        self._aside = Usage(
            self._aside.prompt_tokens - wanted.prompt_tokens, self._aside.completion_tokens - wanted.completion_tokens
        )
        if usage is not None:
            self._usage = _sum(self._usage, usage)

    def _reason(self, wanted: Usage, calls: int) -> str:
        """Why nothing more may be asked; empty where it may."""
        budget: BudgetSpec = self._budget
        planned = _sum(_sum(self._usage, self._aside), wanted)
        spent = f"spent so far: {self._words()}"
        if budget.calls is not None and self._calls + calls > budget.calls:
            return f"the cap of {budget.calls} calls is reached (inference.budget.calls); {spent}"
        if budget.tokens is not None and planned.prompt_tokens + planned.completion_tokens > budget.tokens:
            return f"the cap of {budget.tokens} tokens is reached (inference.budget.tokens); {spent}"
        money = 0.0 if self._price is None else cost_usd(self._price, planned, batch=self._batch)
        if budget.usd is not None and money > budget.usd:
            return f"the cap of {budget.usd:g} US dollars is reached (inference.budget.usd); {spent}"
        here_s = self._clock() - self._begun
        if budget.hours is not None and self._before_s + here_s > budget.hours * 3600.0:
            return f"the cap of {budget.hours:g} hours is reached (inference.budget.hours); {spent}"
        if self._deadline_s is not None and here_s > self._deadline_s:
            return f"the deadline of {self._deadline_s:g} s has passed (inference.limits.deadline_s); {spent}"
        return ""

    def _words(self) -> str:
        tokens = self._usage.prompt_tokens + self._usage.completion_tokens
        money = "" if not self.usd else f", {self.usd:.4g} US dollars"
        return f"{self._calls} calls, {tokens} tokens{money}"


def _sum(a: Usage, b: Usage) -> Usage:
    return Usage(a.prompt_tokens + b.prompt_tokens, a.completion_tokens + b.completion_tokens, a.cached_tokens + b.cached_tokens)
