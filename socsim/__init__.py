"""socsim: a simulator of social interaction among language-model agents.

Run a scenario file with `run`, script an experiment with `Scenario` and `SocialAgent`, read a finished run with `Run`.
Names listed in ``__all__`` are the public interface; everything else may change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from socsim.activation.turns import Part
    from socsim.agent import SocialAgent
    from socsim.branching import branch
    from socsim.errors import (
        InferenceError,
        ModelFileError,
        NotYetAvailable,
        RecordError,
        ReplayMismatch,
        ScenarioError,
        SocsimError,
        UndeclaredAccess,
        UndeclaredRandomness,
    )
    from socsim.inference.scripted import ScriptedEngine
    from socsim.inference.types import Completion, Engine, Request, SamplingParams
    from socsim.interactions.base import Interaction, Shown
    from socsim.interviewing import interview
    from socsim.items import ItemFailure, ParseFailure, Response
    from socsim.model import SocialModel
    from socsim.observation import Observation, Seen
    from socsim.population.persona import Persona
    from socsim.previewing import preview
    from socsim.replaying import ReplayReport, replay
    from socsim.resuming import resume
    from socsim.run_folder import Run
    from socsim.runner import run
    from socsim.scenario import Scenario, load_scenario
    from socsim.scripting import open_world

_HOMES = {
    "Part": "socsim.activation.turns",
    "SocialAgent": "socsim.agent",
    "branch": "socsim.branching",
    "InferenceError": "socsim.errors",
    "ModelFileError": "socsim.errors",
    "NotYetAvailable": "socsim.errors",
    "RecordError": "socsim.errors",
    "ReplayMismatch": "socsim.errors",
    "ScenarioError": "socsim.errors",
    "SocsimError": "socsim.errors",
    "UndeclaredAccess": "socsim.errors",
    "UndeclaredRandomness": "socsim.errors",
    "ScriptedEngine": "socsim.inference.scripted",
    "Completion": "socsim.inference.types",
    "Engine": "socsim.inference.types",
    "Request": "socsim.inference.types",
    "SamplingParams": "socsim.inference.types",
    "Interaction": "socsim.interactions.base",
    "Shown": "socsim.interactions.base",
    "interview": "socsim.interviewing",
    "ItemFailure": "socsim.items",
    "ParseFailure": "socsim.items",
    "Response": "socsim.items",
    "SocialModel": "socsim.model",
    "Observation": "socsim.observation",
    "Seen": "socsim.observation",
    "Persona": "socsim.population.persona",
    "preview": "socsim.previewing",
    "ReplayReport": "socsim.replaying",
    "replay": "socsim.replaying",
    "Run": "socsim.run_folder",
    "resume": "socsim.resuming",
    "run": "socsim.runner",
    "Scenario": "socsim.scenario",
    "load_scenario": "socsim.scenario",
    "open_world": "socsim.scripting",
}

__all__ = [
    "Completion",
    "Engine",
    "InferenceError",
    "Interaction",
    "ItemFailure",
    "ModelFileError",
    "NotYetAvailable",
    "Observation",
    "ParseFailure",
    "Part",
    "Persona",
    "RecordError",
    "ReplayMismatch",
    "ReplayReport",
    "Request",
    "Response",
    "Run",
    "SamplingParams",
    "Scenario",
    "ScenarioError",
    "ScriptedEngine",
    "Seen",
    "Shown",
    "SocialAgent",
    "SocialModel",
    "SocsimError",
    "UndeclaredAccess",
    "UndeclaredRandomness",
    "branch",
    "interview",
    "load_scenario",
    "open_world",
    "preview",
    "replay",
    "resume",
    "run",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that ``import socsim`` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'socsim' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
