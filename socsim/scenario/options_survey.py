"""Options and wording of ``survey`` (questions, nobody to meet) and ``exposure`` (questions after a stimulus)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from socsim.scenario.base import Spec

__all__ = ["WORDING_EXPOSURE", "WORDING_SURVEY", "SurveyOptions"]


class SurveyOptions(Spec):
    """Options of ``survey`` and ``exposure``."""

    order: Literal["as_given", "random"] = "as_given"
    """Order of the phase's items; ``random``: drawn for every person."""
    carry_over: bool = False
    """Whether the answers to earlier items of the phase stand in front of later ones; otherwise each is asked by itself."""


WORDING_SURVEY: Mapping[str, str] = {"earlier": 'Before, you were asked: "{item}" You answered: {option}\n'}
"""``earlier`` is carried over."""

WORDING_EXPOSURE: Mapping[str, str] = {"stimulus": "You read this:\n{text}\n", "nothing": "", **WORDING_SURVEY}
"""``nothing`` is shown at levels that have no text."""
