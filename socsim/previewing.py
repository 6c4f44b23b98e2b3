"""The exact prompt an agent would get, without a model.

What others will have written by then is not known before a run, so messages that would be seen are stood in for by a text
that says so; everything else is as it will be.
"""

from __future__ import annotations

from pathlib import Path

from socsim.activation import Turn
from socsim.cells import Entry, answer_of, message_of
from socsim.errors import ScenarioError
from socsim.event import Event
from socsim.inference.manner import Manner
from socsim.inference.types import Request, Style
from socsim.items import Response
from socsim.model import SocialModel
from socsim.observation import Observation
from socsim.readouts import PreparedItem, ReadingPlan, question_head
from socsim.runner import open_scenario
from socsim.scenario import LoadedScenario, Scenario
from socsim.staging import Stages
from socsim.world import World, build_world

__all__ = ["preview", "render_request"]


def preview(
    scenario: Scenario | LoadedScenario | str | Path,
    *,
    agent: int,
    step: int,
    arm: str | None = None,
    replicate: int = 0,
    style: Style = "chat",
) -> str:
    """Every prompt that an agent gets at a step, as text.

    Args:
        scenario: a scenario, or the path of a file.
        agent: number of the agent, from 0.
        step: number of the step, from 0.
        arm: name of the arm; the first where not given.
        replicate: number of the replicate, from 0.
        style: ``chat`` as for a chat-tuned model, ``plain`` as for a base model.

    Raises:
        ScenarioError: the scenario cannot be run, or has no such agent, step or arm.
    """
    prepared = open_scenario(scenario)
    arms = {spec.name: spec for spec in prepared.scenario.arms}
    if arm is not None and arm not in arms:
        raise ScenarioError(f"there is no arm {arm!r}. Arms: {', '.join(arms)}")
    chosen = arms[arm] if arm is not None else prepared.scenario.arms[0]
    world = build_world(prepared.scenario, chosen, replicate, prepared.folder, Manner(style))
    if not 0 <= agent < len(world.personas):
        raise ScenarioError(f"there is no agent {agent}. Agents are 0 to {len(world.personas) - 1}")
    if not 0 <= step < len(world.steps):
        raise ScenarioError(f"there is no step {step}. Steps are 0 to {len(world.steps) - 1}")
    return _text(world, agent, step)


def _text(world: World, agent: int, step: int) -> str:
    turns = Stages(world)[step].turns
    parts = [_turn_text(world, turn) for turn in turns if turn.agent == agent and not turn.part.silent]
    if not parts:
        return f"arm {world.arm.name}, replicate {world.replicate}, step {step}: agent {agent} does not act\n"
    return "\n\n".join(parts) + "\n"


def _turn_text(world: World, turn: Turn) -> str:
    observation = _observation(world, turn)
    trial = world.trials.of(turn.agent, turn.part.round)
    event = Event(observation, world.seed, world.wording_in(trial, turn.agent, turn.step), None)
    part = f", {turn.part.name}" if turn.part.name else ""
    part += "".join(f", {name}: {level}" for name, level in trial.named())
    parts = [
        f"arm {world.arm.name}, replicate {world.replicate}, step {turn.step} ({observation.phase}), agent {turn.agent}{part}"
    ]
    if not observation.asks and observation.say is None and event.context.seen:
        parts.append(f"=== what it sees before it chooses ===\n{event.context.seen}")
    for name in observation.asks:
        item = event.arranged(name, f"ask.{name}")
        parts += [f"=== item {name}: {plan.labels}, {plan.order} ===\n{_plan_text(event, item, plan)}" for plan in item.plans]
    if observation.say is not None:
        parts.append(f"=== message ===\n{render_request(event.say_request(observation.say))}")
    return "\n\n".join(parts)


def _observation(world: World, turn: Turn) -> Observation:
    """What the agent sees at its turn if everybody has done before what it was to do."""
    model = SocialModel(world, None, None)
    for step in range(turn.step + 1):
        for earlier in model.stages[step].turns:
            if earlier.at < turn.at and not earlier.part.silent:
                _pretend(model, earlier)
    return model.observe(turn, model.view(turn))


def _pretend(model: SocialModel, turn: Turn) -> None:
    """Stand-ins for what an agent will have written and answered."""
    planned = model.world.steps[turn.step]
    who = f"person {turn.agent + 1}"
    for item in planned.asks:
        answer = Response(
            item, "", (), None, f"[what {who} will have answered at step {turn.step}]", None, None, None, True, 1.0, None
        )
        model.cells.put(answer_of(turn.agent, item), Entry(turn.at, turn.agent, answer))
    if planned.phase.say is not None:
        text = f"[what {who} will have written at step {turn.step}]"
        model.cells.put(message_of(turn.agent), Entry(turn.at, turn.agent, text))


def _plan_text(event: Event, item: PreparedItem, plan: ReadingPlan) -> str:
    segments = question_head(item, plan, event.context, event.wording.book) + plan.tail
    text = render_request(Request("text", segments, plan.style))
    if not plan.candidates:
        return text
    return text + "\n--- scored continuations: " + " ".join(repr(candidate) for candidate in plan.candidates)


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
