"""What must hold in a run before it is held against people: each check gives one number, measured in the run itself.

- ``control_error``: share of wrong answers where nobody errs in front of the person; the larger of neutral trials and of the arm
  ``alone`` (Asch 1956 has below .01)
- ``exact_truths``: share of first estimates that are exactly true: where it is high the model knows the answers
- ``first_round_spread``: standard deviation of the logarithms of first estimates, a mean over worlds and questions
- ``recognition``: share of answers to the item ``recognition`` that have a word of the finding's, or of a probe's texts that name
  the study (`socsim_analysis.probes`), whichever is larger; NaN where neither was asked
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from socsim.word_search import words_in
from socsim_analysis.designs import STATISTICS
from socsim_analysis.findings.registry import Finding, Precondition
from socsim_analysis.frames import RunLike, control_of
from socsim_analysis.probes import recognised_share, written_text

__all__ = ["Measured", "failed_words", "measure_all"]

RECOGNITION = "recognition"
"""Name of the item that asks whether a study is recognised."""


@dataclass(frozen=True)
class Measured:
    """One precondition of a finding with the value measured; NaN where the run does not show it."""

    precondition: Precondition
    value: float

    @property
    def holds(self) -> bool:
        """Whether it keeps to the bound; what was not measured does not."""
        return self.precondition.holds(self.value)

    @property
    def words(self) -> str:
        """Check, value and bound."""
        value = "not measured" if math.isnan(self.value) else f"{self.value:.3g}"
        return f"{self.precondition.check} is {value}, wanted {self.precondition.rule}"


def measure_all(finding: Finding, table: pd.DataFrame, arm: str, run: RunLike | None) -> tuple[Measured, ...]:
    """Every precondition of a finding, measured in the table of one arm.

    ``run`` is None for tables of people: these ask what a model can do, so what a table does not show is not asked of people.
    """
    measured = tuple(Measured(one, _measure(one, table, arm, run, finding.words)) for one in finding.preconditions)
    return measured if run is not None else tuple(one for one in measured if not math.isnan(one.value))


def failed_words(measured: Sequence[Measured]) -> str:
    """Which preconditions fail, with their values; empty where all hold."""
    return "; ".join(f"{one.words} ({one.precondition.why.rstrip('.')})" for one in measured if not one.holds)


def _measure(one: Precondition, table: pd.DataFrame, arm: str, run: RunLike | None, family: str) -> float:
    if one.check == RECOGNITION:
        return _recognition(one, run, family)
    if one.check not in _OF_TABLES:
        return math.nan
    return _OF_TABLES[one.check](table, arm, run)


def _control_error(table: pd.DataFrame, arm: str, run: RunLike | None) -> float:
    found = []
    if not table.loc[table["arm"] == arm, "critical"].all():
        found.append(STATISTICS["conformity.control_error"](table, arm=arm).estimate)
    alone = [other for other in table["arm"].unique() if run is not None and control_of(run, other) == "alone"]
    found += [float(table.loc[table["arm"] == other, "erred"].mean()) for other in alone]
    return max(found, default=math.nan)


def _exact(table: pd.DataFrame, arm: str, run: RunLike | None) -> float:
    del run
    if "estimate" not in table:
        return math.nan
    return float(STATISTICS["crowds.exact_share"](table, arm=arm).estimate)


def _spread(table: pd.DataFrame, arm: str, run: RunLike | None) -> float:
    del run
    if "estimate" not in table:
        return math.nan
    rows = table[(table["arm"] == arm) & (table["round"] == table["round"].min()) & (table["estimate"] > 0)]
    spreads = np.log(rows["estimate"]).groupby([rows["world"], rows["task"]]).std(ddof=1)
    return float(spreads.mean()) if len(spreads) else math.nan


def _recognition(one: Precondition, run: RunLike | None, family: str) -> float:
    if run is None:
        return math.nan
    shares = [_named_in_run(one, run), recognised_share(run, family)]
    return max((share for share in shares if not math.isnan(share)), default=math.nan)


def _named_in_run(one: Precondition, run: RunLike) -> float:
    rows = run.responses[run.responses["item"] == RECOGNITION] if len(run.responses) else run.responses
    texts = [text for text in map(written_text, rows.to_dict("records")) if text is not None]
    return float(np.mean([bool(words_in(text, one.words)) for text in texts])) if texts else math.nan


_OF_TABLES: Mapping[str, Callable[[pd.DataFrame, str, RunLike | None], float]] = {
    "control_error": _control_error,
    "exact_truths": _exact,
    "first_round_spread": _spread,
}
