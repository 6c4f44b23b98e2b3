"""Adoption: whether to take up what some of those one knows have taken up.

Who sees what, when: at its turn an agent is told how many (or which) of those whom it reads have adopted by then, what adopting
costs, and whether it has adopted itself. It chooses to adopt or to do nothing; with ``absorbing: false`` adopters choose to keep
or to give up, else they are not asked again. Seeds have adopted from the beginning, without a call. A failed choice changes
nothing and is recorded as failed. In the arm ``alone`` nobody is seen to have adopted. With the activation ``events: {on:
neighbour_change}`` and no items, people decide whenever somebody whom they read has adopted or given up.

Logged: actions ``adopt``, ``nothing``, ``keep`` and ``give_up``, and ``seed`` when a seed's turn first comes; at every decision
the numbers ``exposed`` (how many of those it reads had adopted) and ``known`` (how many it reads), from which response functions
of simple and complex contagion can be estimated; after every turn, of those who are not asked any more too, the number
``adopted`` (1 or 0), whose mean at a step is the share of adopters where everybody is activated. With ``show: who`` the adopters
shown are logged as seen.

Sources: Granovetter (1978), American Journal of Sociology 83, 1420-1443; Centola & Macy (2007), American Journal of Sociology
113, 702-734.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from socsim.activation import Meeting, Part, Turn
from socsim.cells import Cell, actions_of, answer_of
from socsim.effects import Effects
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.items import Response
from socsim.observation import Observation, Seen
from socsim.prompts import one_line
from socsim.scenario.options_adoption import CHOICE, AdoptionOptions, adoption_ballot
from socsim.seeding import uniforms
from socsim.view import View

if TYPE_CHECKING:
    from socsim.agent import SocialAgent

__all__ = ["Adoption"]


class Adoption(Interaction):
    """See `socsim.interactions.adoption`."""

    kind = "adoption"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, AdoptionOptions)
        self.options = setup.options
        self._seeds: frozenset[int] | None = None

    def script(self, meeting: Meeting) -> Sequence[Part]:
        """Everybody decides once; then it is noted who has adopted."""
        parts = super().script(meeting)
        after = 1 + max(part.wave for part in parts)
        return [*parts, *(Part(member, after, "state", silent=True) for member in meeting.members)]

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """Whether those whom the agent reads have adopted, and whether it has."""
        if turn.part.silent:
            return (self._state(turn.agent),)
        return [self._state(other) for other in (turn.agent, *view.tied_to())]

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """Its choice, and whether it has adopted."""
        if turn.part.silent:
            return (self._state(turn.agent), actions_of(turn.agent))
        return (self._state(turn.agent), answer_of(turn.agent, CHOICE))

    def takes(self, turn: Turn, view: View) -> bool:
        """Adopters who cannot give up are not asked again."""
        return turn.part.silent or not (self.options.absorbing and self.has_adopted(turn.agent, view))

    def observe(self, turn: Turn, view: View) -> Shown:
        """Who has adopted, the cost, and whether the agent has."""
        known = [other for other in view.tied_to() if other != turn.agent]
        adopters = [other for other in known if self.has_adopted(other, view)]
        own = self.has_adopted(turn.agent, view)
        what = one_line(self.options.what)
        scene = self._others(adopters, known, what)
        scene += self.words("cost", cost=one_line(self.options.cost)) if self.options.cost else ""
        scene += self.words("own", what=what) if own else ""
        facts = (("adopted", int(own)), ("exposed", len(adopters)), ("known", len(known)))
        if self.options.show == "number":
            return Shown(scene=scene, facts=facts)
        return Shown(tuple(self._seen(other, view) for other in adopters), scene, potential=len(known), facts=facts)

    def _seen(self, adopter: int, view: View) -> Seen:
        entry = view.newest(self._state(adopter))
        return Seen(adopter, 0 if entry is None else entry.at[0], one_line(self.options.what), "adopter")

    def _others(self, adopters: Sequence[int], known: Sequence[int], what: str) -> str:
        if not known:
            return self.words("isolated", what=what)
        if not adopters:
            return self.words("nobody", known=str(len(known)), what=what)
        if self.options.show == "number":
            return self.words("number", adopted=str(len(adopters)), known=str(len(known)), what=what)
        people = ", ".join(self.words("person", number=str(other + 1)) for other in adopters)
        return self.words("who", people=people, others=str(len(known) - len(adopters)), what=what)

    async def act(self, agent: SocialAgent, observation: Observation) -> None:
        """Choose, after the items of the phase have been answered."""
        for item in observation.asks:
            await agent.ask(item)
        facts = {name: int(value) for name, value in observation.facts}
        own = bool(facts["adopted"])
        kinds = ("keep", "give_up") if own else ("adopt", "nothing")
        choices = (self.words(kinds[0]), self.words(kinds[1]))
        question = self.words("question", what=one_line(self.options.what))
        answer = await agent.event.choose(CHOICE, adoption_ballot(self.options, question, choices))
        if isinstance(answer, Response) and answer.choice is not None:
            agent.effects.do(kinds[answer.choice])
            agent.effects.write(self._state(agent.number), answer.choice == 0)
        else:
            agent.effects.fail("choose")
        for name in ("exposed", "known"):
            agent.effects.keep(agent.number, name, facts[name])
        if observation.say is not None:
            await agent.say()

    def settle(self, turn: Turn, view: View, effects: Effects) -> None:
        """Whether an agent has adopted by now; and that it is a seed, where this is the first that is heard of it."""
        entries = view.entries(self._state(turn.agent))
        if turn.agent in self.seeds and not any(entry.at < (turn.step, turn.wave - 1) for entry in entries):
            effects.do("seed")
            if not entries:
                effects.write(self._state(turn.agent), True)
        effects.keep(turn.agent, "adopted", int(self.has_adopted(turn.agent, view)))

    def noticed(self, other: int) -> Cell | None:
        """Answers where the phase asks any, else whether somebody has adopted."""
        return super().noticed(other) if self.item else self._state(other)

    def has_changed(self, other: int, view: View) -> bool:
        """Whether an answer has changed, or whether somebody has adopted or given up who had not, or who is a seed."""
        if self.item:
            return super().has_changed(other, view)
        entries = view.entries(self._state(other))
        if not entries or entries[-1].at < (view.step - 1, -1):
            return False
        return bool(entries[-1].value != (entries[-2].value if len(entries) > 1 else False))

    def has_adopted(self, agent: int, view: View) -> bool:
        """Whether an agent has adopted, as far as the view goes."""
        entry = view.newest(self._state(agent))
        if entry is not None:
            return bool(entry.value)
        return agent in self.seeds and (agent == view.agent or not view.alone)

    @property
    def seeds(self) -> frozenset[int]:
        """Who has adopted from the beginning."""
        if self._seeds is None:
            spec, people = self.options.seeds, self.setup.setting.present(0)
            draws = uniforms(self.setup.setting.seed, "adopters", last=people)
            ranked = [agent for _, agent in sorted(zip(draws, people, strict=True))]
            self._seeds = frozenset(spec.agents or ranked[: spec.number_of(len(people))])
        return self._seeds

    def _state(self, agent: int) -> Cell:
        """One for everything that may be adopted, so that it goes on in later phases."""
        return (f"adopted:{self.options.what}", agent)
