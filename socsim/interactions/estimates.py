"""Estimates: a number is judged again after seeing what others have judged.

Who sees what, when: an agent sees the numbers with which those it reads (or all others, ``of: all``) answered the phase's
first item since the previous step began, the newest of each; answers that failed show nothing. ``summary: mean`` and
``median`` show one number made of them, ``each`` shows all in an order drawn for every agent and step, ``none`` shows nothing.
On a star everybody sees the hub, and the hub sees everybody. With ``signal`` all are shown a number of the experimenter's
instead, in the same words; nobody's answers are read then.

Logged as seen: with ``each`` every answer with its author; else the one number shown, with author -1 and the kind ``mean``,
``median`` or ``signal``; how many answers there were is the potential exposure. In the arm ``alone`` nothing of others is
shown; a signal, which comes from nobody in the world, still is.

Sources: Becker, Brackbill & Centola (2017), PNAS 114(26), E5070-E5076 (mean, hub); Lorenz et al. (2011), PNAS 108(22),
9020-9025 (mean, each, none).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

import numpy as np

from socsim.activation import Turn
from socsim.cells import Cell, answer_of
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.observation import Seen
from socsim.scenario.options_estimates import EstimatesOptions, SignalSpec
from socsim.seeding import uniforms
from socsim.view import View

__all__ = ["Estimates", "number_in_words"]

_DIGITS = 6


class _Number(NamedTuple):
    """What somebody answered at a step."""

    author: int
    step: int
    value: float


class Estimates(Interaction):
    """See `socsim.interactions.estimates`."""

    kind = "estimates"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, EstimatesOptions)
        self.signal = setup.options.signal

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """Answers to the item of everybody who may be seen."""
        if self.signal is not None or self.item is None:
            return ()
        return [answer_of(author, self.item) for author in self._authors(turn, view)]

    def observe(self, turn: Turn, view: View) -> Shown:
        """The numbers of others, or what is made of them."""
        if self.signal is not None:
            value = self._signal_value(self.signal)
            seen = Seen(-1, turn.step, number_in_words(value), "signal")
            return self._shown(self.spec.summary or "each", (seen,), (value,), potential=1)
        everything = self._answers(turn, view)
        found = everything[: self.spec.at_most]
        summary = self.spec.summary
        if not found or summary == "none":
            return Shown(potential=len(everything))
        values = [one.value for one in found]
        if summary in ("mean", "median"):
            value = math.fsum(values) / len(values) if summary == "mean" else median(values)
            made = Seen(-1, max(one.step for one in found), number_in_words(value), summary)
            return self._shown(summary, (made,), values, potential=len(everything))
        rows = tuple(Seen(one.author, one.step, number_in_words(one.value, whole=True)) for one in found)
        return self._shown("each", rows, values, potential=len(everything))

    def _shown(self, template: str, seen: tuple[Seen, ...], values: Sequence[float], *, potential: int) -> Shown:
        scene = self.words(template, value=", ".join(one.text for one in seen))
        facts = (("shown", median(values) if template == "median" else math.fsum(values) / len(values)), ("count", len(values)))
        return Shown(seen, scene, potential=potential, facts=facts)

    def _answers(self, turn: Turn, view: View) -> Sequence[_Number]:
        """What others answered, in the order in which it is shown."""
        found: dict[int, _Number] = {}
        for author in self._authors(turn, view):
            entry = view.newest(answer_of(author, self.item)) if self.item is not None else None
            if entry is not None and entry.at >= (turn.step - 1, -1) and entry.value.value is not None:
                found[author] = _Number(author, entry.at[0], entry.value.value)
        numbers = (turn.step,) if turn.nth == 0 else (turn.step, turn.nth)
        draws = uniforms(view.seed, "see", turn.agent, *numbers, last=found)
        return [found[author] for _, author in sorted(zip(draws, found, strict=True))]

    def _authors(self, turn: Turn, view: View) -> Sequence[int]:
        authors = view.tied_to() if self.spec.of == "neighbours" else view.everybody()
        return [author for author in authors if author != turn.agent]

    def _signal_value(self, signal: SignalSpec) -> float:
        if signal.value is not None:
            return signal.value * signal.times
        assert self.item is not None
        spec = self.setup.items[self.item].spec
        value = spec.truth if signal.column == "truth" else spec.signal
        assert value is not None  # held by the checks of the scenario
        return value * signal.times


def number_in_words(value: float, *, whole: bool = False) -> str:
    """A number in digits, never with an exponent: six significant ones, and all in front of the point; with ``whole`` all.

    Example:
        >>> number_in_words(1234567.8), number_in_words(0.1 + 0.2), number_in_words(206.0)
        ('1234568', '0.3', '206')
    """
    if not whole:
        value = float(round(value)) if abs(value) >= 10 ** (_DIGITS - 1) else float(f"{value:.{_DIGITS}g}")
    return str(np.format_float_positional(value, trim="-"))
