"""Ties that change by rule, after the last wave of a step.

Who looks at what, when: after everybody has acted, each agent's turn to rewire comes, all in one wave: with a declared
``probability`` it drops one of those it reads whose answer to the item ``on`` is further than ``tolerance`` from its own
(newest expected values, or values of number items), drawn among them, and takes somebody else instead: anybody
(``random``), somebody read by one of those it still reads (``friend_of_friend``), anybody whose answer is within the
tolerance (``similar``), or nobody (``none``). Who has not answered neither drops nor is dropped. In a network without
direction the other end changes, too. Changes hold from the next step on. No call is made.

Sources: Holme & Newman (2006), Physical Review E 74, 056108; Sasahara et al. (2021), Journal of Computational Social
Science 4, 381-402.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from socsim.activation import Turn
from socsim.cells import TIES, Cell, answer_of
from socsim.effects import Effects, TieChange
from socsim.scenario.people import TieRuleSpec
from socsim.seeding import stream, uniform
from socsim.view import View

__all__ = ["REWIRING", "Rewiring"]

REWIRING = "rewiring"
"""Name of the part."""


class Rewiring:
    """The rules of one world.

    Args:
        rules: as declared.
        directed: whether ties have a direction.
        people: number of agents.
    """

    def __init__(self, rules: Sequence[TieRuleSpec], people: int, *, directed: bool) -> None:
        self._rules = tuple(rules)
        self._directed = directed
        self._people = people

    def reads(self) -> Iterable[Cell]:
        """Everybody's answers, and everybody's ties."""
        return (TIES, *(answer_of(agent, rule.on) for rule in self._rules for agent in range(self._people)))

    def writes(self) -> Iterable[Cell]:
        """Ties."""
        return (TIES,)

    def settle(self, turn: Turn, view: View, effects: Effects) -> None:
        """Drop and replace for one agent."""
        for number, rule in enumerate(self._rules):
            if uniform(view.seed, "rewire", number, turn.step, turn.agent) < rule.probability:
                self._rewire(number, rule, turn, view, effects)

    def _rewire(self, number: int, rule: TieRuleSpec, turn: Turn, view: View, effects: Effects) -> None:
        own = _opinion(turn.agent, rule.on, view)
        if own is None:
            return
        read = [other for other in view.tied_to() if other != turn.agent]
        far = [other for other in read if _distance(own, other, rule.on, view) > rule.tolerance]
        if not far:
            return
        drawn = stream(view.seed, "rewire", number, turn.step, turn.agent, "who")
        dropped = far[int(drawn.integers(len(far)))]
        self._change("unfollow", turn.agent, dropped, effects)
        kept = [other for other in read if other != dropped]
        candidates = self._candidates(rule, own, turn, view, kept, dropped)
        if candidates:
            self._change("follow", turn.agent, candidates[int(drawn.integers(len(candidates)))], effects)

    def _candidates(self, rule: TieRuleSpec, own: float, turn: Turn, view: View, kept: Sequence[int], dropped: int) -> list[int]:
        out = {turn.agent, dropped, *kept}
        if rule.replace == "none":
            return []
        if rule.replace == "friend_of_friend":
            return sorted({far for near in kept for far in view.tied_to(near)} - out)
        everybody = [other for other in view.everybody() if other not in out]
        if rule.replace == "random":
            return everybody
        return [other for other in everybody if 0 <= _distance(own, other, rule.on, view) <= rule.tolerance]

    def _change(self, kind: str, agent: int, other: int, effects: Effects) -> None:
        follow = kind == "follow"
        effects.ties.append(TieChange("follow" if follow else "unfollow", agent, other, "rule"))
        if not self._directed:
            effects.ties.append(TieChange("follow" if follow else "unfollow", other, agent, "rule"))


def _opinion(agent: int, item: str, view: View) -> float | None:
    answer = view.answer(agent, item)
    if answer is None:
        return None
    return answer.expected if answer.expected is not None else answer.value


def _distance(own: float, other: int, item: str, view: View) -> float:
    """Distance of two answers; below 0 where the other one has none."""
    theirs = _opinion(other, item, view)
    return -1.0 if theirs is None else abs(own - theirs)
