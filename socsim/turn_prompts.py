"""The exact prompts of a turn, without a model: what preview prints, and what is looked through before a run.

What others will have written by then is not known before a run, so messages that would be seen are stood in for by a text
that says so; what confederates say by their script is known, and is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from socsim.activation import Turn
from socsim.cells import Entry, answer_of, message_of
from socsim.event import Event
from socsim.inference.types import Request
from socsim.items import Response
from socsim.model import SocialModel
from socsim.observation import Observation
from socsim.readouts import PreparedItem, ReadingPlan, question_head
from socsim.scripted_answers import scripted_answer
from socsim.world import World

__all__ = ["TurnPrompt", "TurnPrompts", "render_request", "turn_prompts"]


@dataclass(frozen=True, slots=True)
class TurnPrompt:
    """One prompt: what it is for, the item that is asked (empty where none is), and the text."""

    title: str
    item: str
    text: str
    told: str
    """The text without roles and without the beginning of a reply."""
    scored: tuple[str, ...] = ()
    """Continuations whose probabilities are read."""


@dataclass(frozen=True, slots=True)
class TurnPrompts:
    """The prompts of a turn in program order, the phase it is in, and the levels of conditions under which it is taken."""

    phase: str
    prompts: tuple[TurnPrompt, ...]
    levels: tuple[tuple[str, str], ...] = ()


def turn_prompts(world: World, turn: Turn) -> TurnPrompts:
    """Every prompt that an agent gets at a turn.

    Where an agent chooses what to do, questions depend on what it has chosen before; then there is what it sees, alone.
    """
    observation = _observation(world, turn)
    trial = world.trials.of(turn.agent, turn.part.round)
    event = Event(observation, world.seed, world.wording_in(trial, turn.agent, turn.step), None)
    found = []
    if not observation.asks and observation.say is None and event.context.seen:
        found.append(TurnPrompt("what it sees before it chooses", "", event.context.seen, event.context.seen))
    for name in observation.asks:
        item = event.arranged(name, f"ask.{name}")
        for plan in item.plans:
            title = f"item {name}: {plan.labels}, {plan.order}"
            found.append(_prompt(title, name, _asked(event, item, plan), plan.candidates))
    if observation.say is not None:
        found.append(_prompt("message", "", event.say_request(observation.say)))
    return TurnPrompts(observation.phase, tuple(found), tuple(trial.named()))


def _observation(world: World, turn: Turn) -> Observation:
    """What the agent sees at its turn if everybody has done before what it was to do."""
    model = SocialModel(world, None, None)
    for step in range(turn.step + 1):
        for earlier in model.stages[step].turns:
            if earlier.at < turn.at and not earlier.part.silent:
                _pretend(model, earlier)
    return model.observe(turn, model.view(turn))


def _pretend(model: SocialModel, turn: Turn) -> None:
    """What a confederate's script says, and stand-ins for what others will have written and answered."""
    planned, world = model.world.steps[turn.step], model.world
    who = f"person {turn.agent + 1}"
    script = world.happenings.scripts.get(turn.agent)
    for item in planned.asks:
        answer = scripted_answer(world.wording.items[item], script) or Response(
            item, "", (), None, f"[what {who} will have answered at step {turn.step}]", None, None, None, True, 1.0, None
        )
        model.cells.put(answer_of(turn.agent, item), Entry(turn.at, turn.agent, answer))
    if planned.phase.say is not None:
        text = f"[what {who} will have written at step {turn.step}]"
        if script is not None and script.says:
            text = script.says[(turn.step + turn.nth) % len(script.says)]
        model.cells.put(message_of(turn.agent), Entry(turn.at, turn.agent, text))


def _prompt(title: str, item: str, request: Request, scored: tuple[str, ...] = ()) -> TurnPrompt:
    return TurnPrompt(title, item, render_request(request), _told(request), scored)


def _asked(event: Event, item: PreparedItem, plan: ReadingPlan) -> Request:
    segments = question_head(item, plan, event.context, event.wording.book) + plan.tail
    return Request("text", segments, plan.style)


def _told(request: Request) -> str:
    parts: list[str] = []
    role = None
    for segment in request.segments:
        if segment.role != "assistant":
            parts.append(("\n\n" if role not in (None, segment.role) else "") + segment.text)
            role = segment.role
    return "".join(parts).strip()


def render_request(request: Request) -> str:
    """A request's prompt as text: each chat message under its role, bare text as it is."""
    if request.style == "plain":
        return "".join(segment.text for segment in request.segments)
    parts: list[str] = []
    role = None
    for segment in request.segments:
        if segment.role != role:
            parts.append(f"{'' if role is None else chr(10)}[{segment.role}]\n")
            role = segment.role
        parts.append(segment.text)
    return "".join(parts)
