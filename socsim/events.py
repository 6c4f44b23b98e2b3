"""What a run writes down: one row type per tidy table, as immutable values.

Rows are results: nothing in them depends on time, on the order of replies or on the number of slots. They are named tuples,
because a run makes several for every turn, and a frozen dataclass takes several times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from socsim.items import Reading

__all__ = [
    "ActionRow",
    "AgentRow",
    "EventRow",
    "ExposureRow",
    "MessageRow",
    "ProgressSnapshot",
    "RecalledRow",
    "ResponseRow",
    "ResultRow",
    "RunProgress",
    "SeenRow",
    "TieChangeRow",
    "TieRow",
    "TrialRow",
    "ValueRow",
]

Value = str | float | int | None


class AgentRow(NamedTuple):
    """A person in a world. ``facts`` may have been shown to the model; ``reference`` never was."""

    arm: str
    replicate: int
    agent: int
    node: str
    source_id: str
    weight: float
    persona: str
    facts: Mapping[str, Value]
    reference: Mapping[str, Value]
    model: str


class TieRow(NamedTuple):
    """A tie at the start of a world: ``reader`` reads ``author``. Undirected ties stand twice, once each way."""

    arm: str
    replicate: int
    author: int
    reader: int
    weight: float


class EventRow(NamedTuple):
    """One agent acting once. ``observed`` and ``did`` are hashes of what it saw and of all that followed from it;
    ``calls`` are (path, request digest, draw key text or "") in program order. ``turn``, here and in other rows, counts the
    times that an agent acts in one step, from 0."""

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    observed: str
    did: str
    calls: tuple[tuple[str, str, str], ...]
    turn: int = 0


class MessageRow(NamedTuple):
    """A public message as others may see it; the first text where ``status`` is "ok", else empty.

    ``cut_off`` tells that the model ran out of tokens before it ended by itself.
    """

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    text: str
    status: Literal["ok", "empty", "failed"]
    cut_off: bool
    raw: str
    failure: str = ""
    turn: int = 0


class SeenRow(NamedTuple):
    """What was in the prompt of ``agent``: whose, of which step, and of what kind.

    ``kind`` is empty for messages and answers of others; else it names what was shown, such as "news" or "stimulus". What
    nobody in the world has said has author -1.
    """

    arm: str
    replicate: int
    step: int
    agent: int
    position: int
    author: int
    author_step: int
    text: str
    turn: int = 0
    kind: str = ""


class ResponseRow(NamedTuple):
    """The private report of an agent on an item; see `socsim.items.Response` for the fields.

    ``status``: "answered", "non_answer" (a valid one) or "failed"; a failed row has no value of any kind. ``raw``: the last
    reply of a failed one; of a text item all texts drawn, as a JSON list; else empty. Tidy tables have a column ``repaired``
    beside: replies that could be read only after the model was shown them again.
    """

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    item: str
    method: str
    status: Literal["answered", "non_answer", "failed"]
    option: str = ""
    choice: int | None = None
    value: float | None = None
    expected: float | None = None
    entropy: float | None = None
    mass: float | None = None
    u: float | None = None
    probabilities: tuple[float, ...] = ()
    readings: tuple[Reading, ...] = ()
    failure: str = ""
    raw: str = ""
    turn: int = 0


class ActionRow(NamedTuple):
    """Something an agent did, other than to answer or to speak: typed, and "nothing" where it chose to do nothing.

    ``target`` is the agent it was done to, ``about`` names the thing it was done with (a post, an item), ``amount`` is what
    was given, in the units of the interaction. ``status`` "failed": the reply was no choice, and nothing was done.
    """

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    turn: int
    position: int
    kind: str
    status: Literal["done", "failed"] = "done"
    target: int | None = None
    about: str = ""
    amount: float | None = None


class ExposureRow(NamedTuple):
    """How much an agent might have seen at one turn, how much it was shown, and to how much of that it reacted."""

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    turn: int
    potential: int
    shown: int
    engaged: int


class RecalledRow(NamedTuple):
    """One thing that an agent's memory put into its prompt, in order; ``kind`` says what it was (said, seen, summary …)."""

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    turn: int
    position: int
    kind: str
    text: str


class TieChangeRow(NamedTuple):
    """After this turn ``reader`` does (follow) or does not (unfollow, block, removed) read ``author``.

    ``agent`` is whose turn it followed from and ``wave`` when in the step that was; ``cause`` is "choice", "rule" or
    "intervention".
    """

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    turn: int
    position: int
    kind: str
    reader: int
    author: int
    cause: str = "choice"
    wave: int = 0


class ValueRow(NamedTuple):
    """A number that the model keeps about an agent after its turn: a payoff, points, a state."""

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    turn: int
    name: str
    value: float


class TrialRow(NamedTuple):
    """Under which level of what a turn was taken: a condition, a wording of a prompt, a renderer of the persona."""

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    turn: int
    name: str
    level: str


ResultRow = (
    EventRow | MessageRow | ResponseRow | SeenRow | ActionRow | ExposureRow | RecalledRow | TieChangeRow | TrialRow | ValueRow
)
"""What follows from the turns of agents."""


@dataclass(frozen=True, slots=True)
class ProgressSnapshot:
    """How far a run is. Token counts are of this process only; ``replayed`` calls were answered from the record."""

    events_done: int
    events_total: int
    step: int
    steps_total: int
    calls: int
    replayed: int
    failures: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    elapsed_s: float
    in_flight: int = 0
    queued: int = 0
    retries: int = 0


class RunProgress(Protocol):
    """Whoever wants to see a run go on. Called from one thread at a time, a few times a second at most."""

    def start(self, title: str, events_total: int) -> None: ...

    def update(self, snapshot: ProgressSnapshot) -> None: ...

    def note(self, message: str) -> None: ...

    def finish(self, snapshot: ProgressSnapshot) -> None: ...
