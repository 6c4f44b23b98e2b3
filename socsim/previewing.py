"""The exact prompt an agent would get, without a model.

What others will have written by then is not known before a run, so messages that would be seen are stood in for by a text
that says so; everything else is as it will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from socsim.errors import ScenarioError
from socsim.event import Event
from socsim.inference.manner import Manner
from socsim.inference.types import Request, Style
from socsim.interactions import build_interaction
from socsim.observation import Observation
from socsim.readouts import PreparedItem, ReadingPlan, question_head
from socsim.runner import open_scenario
from socsim.scenario import LoadedScenario, Scenario
from socsim.world import World, build_world

__all__ = ["preview", "render_request"]


class _Everybody:
    """A world in which everybody has written and answered, in placeholders."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.seed = world.seed

    def read_by(self, agent: int) -> tuple[int, ...]:
        return self._world.read_by[agent]

    def everybody(self) -> range:
        return range(len(self._world.personas))

    def shown_messages(self, step: int) -> Mapping[int, str]:
        if step < 0 or self._world.steps[step].phase.say is None:
            return {}
        return {agent: f"[what person {agent + 1} will have written at step {step}]" for agent in self.everybody()}

    def shown_answers(self, item: str, step: int) -> Mapping[int, str]:
        if step < 0 or item not in self._world.steps[step].asks:
            return {}
        return {agent: f"[what person {agent + 1} will have answered at step {step}]" for agent in self.everybody()}


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
    event = Event(_observation(world, agent, step), world.seed, world.wording, None)
    planned = world.steps[step]
    parts = [f"arm {world.arm.name}, replicate {world.replicate}, step {step} ({planned.name}), agent {agent}"]
    for name in planned.asks:
        item = event.arranged(name, f"ask.{name}")
        parts += [f"=== item {name}: {plan.labels}, {plan.order} ===\n{_plan_text(event, item, plan)}" for plan in item.plans]
    if planned.phase.say is not None:
        parts.append(f"=== message ===\n{render_request(event.say_request(planned.phase.say))}")
    return "\n\n".join(parts) + "\n"


def _observation(world: World, agent: int, step: int) -> Observation:
    planned = world.steps[step]
    phase = planned.phase
    everybody = _Everybody(world)
    alone = world.arm.control == "alone"
    seen = () if alone else build_interaction(phase, planned.first_item).observe(everybody, agent, step)
    earlier = world.steps[:step]
    spoke = any(before.phase.say is not None for before in earlier)
    answered = {name for before in earlier for name in before.asks}
    own = [(name, "[its answer]") for name in planned.asks if name in answered and "own_last_answer" in phase.remember]
    topic = ""
    if phase.say is not None:
        first = planned.first_item
        topic = phase.say.topic or (world.wording.items[first].text if first else "")
    return Observation(
        agent, step, planned.name, planned.repetition, world.persona_texts[agent], seen,
        "[its last message]" if spoke and "own_last_message" in phase.remember else None,
        tuple(own), planned.asks, phase.say, topic,
    )  # fmt: skip


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
