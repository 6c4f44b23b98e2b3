"""The exact prompts an agent would get, as text, without a model; see `socsim.turn_prompts` for what stands for replies."""

from __future__ import annotations

from pathlib import Path

from socsim.activation import Turn
from socsim.errors import ScenarioError
from socsim.inference.manner import Manner
from socsim.inference.types import Style
from socsim.runner import open_scenario
from socsim.scenario import LoadedScenario, Scenario
from socsim.staging import Stages
from socsim.turn_prompts import turn_prompts
from socsim.world import World, build_world

__all__ = ["preview"]


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
    found = turn_prompts(world, turn)
    part = f", {turn.part.name}" if turn.part.name else ""
    part += "".join(f", {name}: {level}" for name, level in found.levels)
    parts = [f"arm {world.arm.name}, replicate {world.replicate}, step {turn.step} ({found.phase}), agent {turn.agent}{part}"]
    for prompt in found.prompts:
        scored = f"\n--- scored continuations: {' '.join(map(repr, prompt.scored))}" if prompt.scored else ""
        parts.append(f"=== {prompt.title} ===\n{prompt.text}{scored}")
    return "\n\n".join(parts)
