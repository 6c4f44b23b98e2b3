"""Conventions: a naming game. Two people choose a name at the same time and are paid for choosing the same.

Who sees what, when: activation draws pairs (``dyad`` or ``dyads``, among all or the tied). Both members choose in the same
wave, so neither sees the other's choice. Then the model settles the play for each: both win ``reward`` where the names are
equal, else both lose ``penalty``. At its next play an agent is told the rules, its own last ``memory`` plays (both choices,
what it won or lost, its score then), oldest first, and its score; nobody sees plays of others, nor who the partner is. With
``memory: 0`` it is told the rules alone. With ``agreed`` everybody remembers plays at the start in which both chose that name.
The ``committed``, drawn from the seed, always choose one name from a step on, without a call.

A play in which a choice failed, or in which nobody was met (arm ``alone``), is not settled: it pays nothing and is not
remembered.

Logged: actions ``choose`` or ``committed`` with partner and name, ``nothing`` where no name was wanted; values ``success`` (1
or 0), ``payoff`` and ``score`` for each member of a settled play. The success rate of a step is the mean of ``success``.

Sources: Centola & Baronchelli (2015), PNAS 112(7), 1989-1994; Centola, Becker, Brackbill & Baronchelli (2018), Science 360,
1116-1119 (committed minority); Ashery, Aiello & Baronchelli (2025), Science Advances 11(20), eadu9368 (memory, payoffs).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socsim.activation import Meeting, Part, Turn
from socsim.cells import Cell, actions_of, answer_of
from socsim.effects import Did, Effects
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.interactions.estimates import number_in_words
from socsim.items import Response
from socsim.observation import Observation
from socsim.prompts import quotable
from socsim.scenario.options_conventions import CHOICE, ConventionsOptions, name_ballot
from socsim.seeding import uniforms
from socsim.view import View

if TYPE_CHECKING:
    from socsim.agent import SocialAgent

__all__ = ["Account", "Conventions", "Play"]

_NAMED = ("choose", "committed")


@dataclass(frozen=True, slots=True)
class Play:
    """One settled play as a member of the pair remembers it; ``payoff`` in points, ``score`` is the running sum after it."""

    own: str
    other: str
    payoff: float
    score: float


@dataclass(frozen=True, slots=True)
class Account:
    """What the model keeps for a player: score in points, number of settled plays, and the last of them."""

    score: float = 0.0
    played: int = 0
    plays: tuple[Play, ...] = ()


class Conventions(Interaction):
    """See `socsim.interactions.conventions`."""

    kind = "conventions"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, ConventionsOptions)
        self.options = setup.options
        self._committed: frozenset[int] | None = None
        self._start = _start(self.options)

    def script(self, meeting: Meeting) -> Sequence[Part]:
        """Both choose, then the play is settled for each."""
        choices = [Part(member, 0, "player") for member in meeting.members]
        return [*choices, *(Part(member, 1, "payoff", silent=True) for member in meeting.members)]

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """The player's own account; to settle a play, the choices of both."""
        del view
        own = self._account(turn.agent)
        return (own, *map(actions_of, turn.members)) if turn.part.silent else (own,)

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """The choice of a player; its account where a play is settled."""
        return (self._account(turn.agent),) if turn.part.silent else (answer_of(turn.agent, CHOICE),)

    def observe(self, turn: Turn, view: View) -> Shown:
        """The rules, and what the player remembers of its own plays."""
        points = self.options
        rules = self.words("rules", reward=number_in_words(points.reward), penalty=number_in_words(points.penalty))
        account = self._account_of(turn.agent, view)
        facts: list[tuple[str, str | int | float]] = [("score", account.score), ("played", account.played)]
        if turn.agent in self._committed_at(turn.step) and points.committed is not None:
            facts.append(("committed", points.committed.choice))
        return Shown(scene=rules + self._past(account), facts=tuple(facts))

    async def act(self, agent: SocialAgent, observation: Observation) -> None:
        """Choose a name; the committed do so without a call."""
        (partner,) = (member for member in observation.members if member != agent.number)
        committed = dict(observation.facts).get("committed")
        if committed is not None:
            agent.effects.do("committed", target=partner, about=str(committed))
            return
        if self.options.names:
            answer = await agent.event.choose(CHOICE, name_ballot(self.options, self.words("question")))
        else:
            answer = await agent.ask(observation.asks[0])
        if not isinstance(answer, Response):
            agent.effects.fail("choose")
        elif answer.answered:
            agent.effects.do("choose", target=partner, about=answer.option)
        else:
            agent.effects.do("nothing", target=partner)

    def settle(self, turn: Turn, view: View, effects: Effects) -> None:
        """Payoff, score and memory of one member, where both have chosen a name."""
        (partner,) = turn.others
        own, other = self._chosen(turn.agent, turn, view), self._chosen(partner, turn, view)
        if own is None or other is None:
            return
        success = own == other
        payoff = self.options.reward if success else -self.options.penalty
        before = self._account_of(turn.agent, view)
        score = before.score + payoff
        memory = self.options.memory
        plays = (*before.plays, Play(own, other, payoff, score))[-memory:] if memory else ()
        effects.write(self._account(turn.agent), Account(score, before.played + 1, plays))
        effects.keep(turn.agent, "success", float(success))
        effects.keep(turn.agent, "payoff", payoff)
        effects.keep(turn.agent, "score", score)

    def _chosen(self, agent: int, turn: Turn, view: View) -> str | None:
        """The name that a member chose in the wave before."""
        entry = view.newest(actions_of(agent))
        if entry is None or entry.at != (turn.step, turn.wave - 1):
            return None
        done: Sequence[Did] = entry.value
        return next((one.about for one in done if one.kind in _NAMED and one.status == "done"), None)

    def _past(self, account: Account) -> str:
        """The remembered plays in words."""
        if not self.options.memory:
            return ""
        if not account.plays:
            return self.words("no_past")
        plays = "\n".join(map(self._line, account.plays))
        return self.words("past", plays=plays, score=number_in_words(account.score, whole=True))

    def _line(self, play: Play) -> str:
        return self.words(
            "won" if play.own == play.other else "lost",
            own=quotable(play.own),
            other=quotable(play.other),
            points=number_in_words(abs(play.payoff), whole=True),
            score=number_in_words(play.score, whole=True),
        )

    def _account(self, agent: int) -> Cell:
        """Plays about the same item, or with names given as options, go on in later phases."""
        return (f"plays:{'' if self.options.names else self.item}", agent)

    def _account_of(self, agent: int, view: View) -> Account:
        entry = view.newest(self._account(agent))
        found: Account = entry.value if entry is not None else self._start
        return found

    def _committed_at(self, step: int) -> frozenset[int]:
        """Who always chooses the same name at a step: those with the lowest of everybody's drawn numbers."""
        spec = self.options.committed
        if spec is None or step < spec.from_step:
            return frozenset()
        if self._committed is None:
            people = self.setup.setting.present(spec.from_step)
            draws = uniforms(self.setup.setting.seed, "committed", last=people)
            ranked = sorted(zip(draws, people, strict=True))
            self._committed = frozenset(agent for _, agent in ranked[: spec.number_of(len(people))])
        return self._committed


def _start(options: ConventionsOptions) -> Account:
    """What everybody remembers at the start: nothing, or agreement on the name ``agreed`` in all plays."""
    name, reward = options.agreed, options.reward
    if name is None:
        return Account()
    plays = tuple(Play(name, name, reward, reward * (number + 1)) for number in range(options.memory))
    return Account(reward * options.memory, options.memory, plays)
