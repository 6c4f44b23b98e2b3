"""What every way of meeting answers: who does what in which order, what a turn reads and may write, what it is shown, and
what the agent then does.

To write a new one, derive from `Interaction` and override what differs; the README shows one in full. Everything but `act` is
pure: the same world and turn give the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socsim.activation import Meeting, Part, PlannedStep, Turn
from socsim.cells import Cell, answer_of
from socsim.effects import Effects
from socsim.observation import Observation, Seen
from socsim.prompts import PromptBook, fill
from socsim.readouts import PreparedItem
from socsim.scenario.base import Spec
from socsim.scenario.schedule import InteractionSpec
from socsim.scenario.ways_of_meeting import WORDING
from socsim.view import Setting, View

if TYPE_CHECKING:
    from socsim.agent import SocialAgent

__all__ = ["Interaction", "Setup", "Shown"]


@dataclass(frozen=True, slots=True)
class Setup:
    """What an interaction is built from.

    Attributes:
        planned: the step that it belongs to.
        spec: the interaction as declared.
        options: its options, checked; None where the kind has none.
        setting: what is fixed about the world: seed, who takes part, ties at the start.
        book: the wording in force.
        items: all items by name.
    """

    planned: PlannedStep
    spec: InteractionSpec
    options: Spec | None
    setting: Setting
    book: PromptBook
    items: Mapping[str, PreparedItem]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a turn is shown.

    Attributes:
        seen: messages, answers, posts …, in the order shown; every one is logged.
        scene: what the agent sees in words, where a list of messages is not it. Text of others must have gone through
            `socsim.prompts.quotable` or `one_line`.
        asks: items to answer; those of the phase where None.
        says: whether the agent is asked for a message, if the phase has one.
        topic: what a message should be about; as the phase says where None.
        potential: how much might have been shown, where that is more than ``seen``.
        facts: numbers and words for the rules of agents that are no language models, by name.
    """

    seen: tuple[Seen, ...] = ()
    scene: str = ""
    asks: tuple[str, ...] | None = None
    says: bool = True
    topic: str | None = None
    potential: int | None = None
    facts: tuple[tuple[str, str | int | float], ...] = ()


class Interaction:
    """A way of meeting. One object serves one step.

    Attributes:
        kind: its name in scenario files.
        reach: how many finished steps back it reads cells that are not boards; None for all.
    """

    kind: ClassVar[str] = ""
    reach: ClassVar[int | None] = 1

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.planned = setup.planned
        self.spec = setup.spec

    @classmethod
    def changes_ties(cls, options: Spec | None) -> bool:
        """Whether agents may change ties when they meet in this way."""
        del options
        return False

    @property
    def item(self) -> str | None:
        """The item that the interaction is about: the first that the phase asks."""
        return self.planned.first_item

    def words(self, name: str, **values: str) -> str:
        """A template of the interaction, the scenario's own where it gives one, with its slots filled.

        Values are put in as they are: text of others goes through `socsim.prompts.quotable` first.
        """
        own = self.spec.wording
        return fill(own[name] if name in own else WORDING[self.kind][name], values)

    def script(self, meeting: Meeting) -> Sequence[Part]:
        """Who does what in a meeting; here everybody in turn, as often as the activation's ``rounds`` say."""
        activating = self.planned.phase.activating
        size = len(meeting.members)
        if size == 1:
            return (Part(meeting.members[0]),)
        if activating.order == "together":
            return [Part(member, n, "", n) for n in range(activating.rounds) for member in meeting.members]
        return [
            Part(member, n * size + index, "", n)
            for n in range(activating.rounds)
            for index, member in enumerate(meeting.members)
        ]

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """Cells that `takes` and `observe` may look at, besides what is the agent's own. ``view`` shows ties only.

        Reading its own message, answers of the phase and memory needs no declaration.
        """
        del turn, view
        return ()

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """Cells that the turn may write, besides the agent's message, answers of the phase, memory and actions: a superset."""
        del turn
        return ()

    def takes(self, turn: Turn, view: View) -> bool:
        """Whether the turn is taken at all; a turn not taken leaves no trace."""
        del turn, view
        return True

    def observe(self, turn: Turn, view: View) -> Shown:
        """What the turn is shown."""
        del turn, view
        return Shown()

    async def act(self, agent: SocialAgent, observation: Observation) -> None:
        """What a language-model agent does: it answers the items, then writes a message if one is wanted."""
        for item in observation.asks:
            await agent.ask(item)
        if observation.say is not None:
            await agent.say()

    def noticed(self, other: int) -> Cell | None:
        """The cell whose change others react to with ``events: {on: neighbour_change}``; here the answers to `item`."""
        return answer_of(other, self.item) if self.item else None

    def has_changed(self, other: int, view: View) -> bool:
        """Whether that cell has changed since the previous step began; here whether the answer is another than before."""
        cell = self.noticed(other)
        entries = view.entries(cell) if cell is not None else ()
        if len(entries) < 2 or entries[-1].at < (view.step - 1, -1):
            return False
        return bool(entries[-1].value.choice != entries[-2].value.choice)

    def settle(self, turn: Turn, view: View, effects: Effects) -> None:
        """What the model settles in a silent part: payoffs, scores. No call is made."""
        raise NotImplementedError(f"{type(self).__name__} has a silent part and does not say what is settled in it")
