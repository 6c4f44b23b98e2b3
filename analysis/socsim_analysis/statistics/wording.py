"""Numbers of verdicts in words, and the rules as they are printed."""

from __future__ import annotations

import math

from socsim_analysis.statistics.deciding import HumanEstimate

__all__ = ["DIRECTION_RULE", "RULE", "interval_words", "number", "people_words"]

RULE = (
    "Rule: differ where the 95 % interval of run \N{MINUS SIGN} people excludes zero and is not wholly inside the margin; "
    "match where its 90 % interval lies inside the margin; else inconclusive; no verdict below five worlds."
)
"""The rule of a verdict."""

DIRECTION_RULE = (
    "Rule: same or opposite direction where the 95 % interval of the run's effect excludes zero; else inconclusive; no verdict "
    "below five worlds."
)
"""The rule for findings of a sign only."""


def number(value: float) -> str:
    """Three significant digits with a true minus sign; "missing" for NaN.

    Example:
        >>> number(0.000123), number(12345.6)
        ('0.000123', '12,346')
    """
    if math.isnan(value):
        return "missing"
    text = f"{value:,.0f}" if 1000.0 <= abs(value) < 1e9 else f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}")


def interval_words(low: float, high: float) -> str:
    """``0.1 to 0.2``."""
    return f"{number(low)} to {number(high)}"


def people_words(human: HumanEstimate) -> str:
    """The human value with its interval, or that it is taken for exact."""
    if human.fixed:
        return f"{number(human.value)} (no interval given: taken for exact)"
    return f"{number(human.value)} ({100 * human.level:g} % interval {interval_words(human.low, human.high)})"
