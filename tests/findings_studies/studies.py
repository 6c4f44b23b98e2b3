"""Studies of findings with people who follow a known rule, as positive controls: some must match, some must differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from socsim_analysis.against_people import AgainstPeople, compare_run
from socsim_analysis.findings.registry import find_finding
from socsim_analysis.probes import PROBE_FOLDER, measure_probe, probe_choices, write_probe

from socsim import Run, Scenario, ScriptedEngine, SocialAgent, run
from socsim.inference.types import Request
from socsim.probing import probe

FOLDER = Path(__file__).parents[2] / "scenarios" / "findings"

Chances = Callable[[str], Mapping[str, float]]
"""What is chosen with which probability, given the whole prompt."""


def study(name: str, **changes: Any) -> Scenario:
    """The shipped scenario with some of its parts changed."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return Scenario.model_validate(content | changes)


def prompt_of(request: Request) -> str:
    """All of a request's text."""
    return "\n".join(segment.text for segment in request.segments)


def choosing(chances: Chances, reply: Callable[[str], str] = lambda prompt: "No.") -> ScriptedEngine:
    """A model that chooses options, written out, with given probabilities, and recognises nothing."""

    def score(request: Request) -> tuple[float, ...]:
        wanted = chances(prompt_of(request))
        texts = [candidate.strip() for candidate in request.candidates]
        shares = [wanted.get(text, 0.0) / texts.count(text) for text in texts]
        return tuple(math.log(share * 0.99 + 1e-9) for share in shares)

    return ScriptedEngine(reply=lambda request, seed: reply(prompt_of(request)), scorer=score)


def carried_out(spec: Scenario, engine: ScriptedEngine, out: Path, agent_class: type[SocialAgent] = SocialAgent) -> Run:
    """The run of a study, and beside it a probe of people who do not know the study."""
    done = run(spec, engine=engine, out=out / "run", agent_class=agent_class)
    asked = probe(spec, probe_choices(spec, 2), out=done.path / PROBE_FOLDER, engine=choosing(lambda prompt: {}))
    write_probe(measure_probe(asked), asked.path)
    return done


def outcome(found: AgainstPeople) -> str:
    """The outcome of a verdict."""
    assert found.verdict is not None
    return str(found.verdict.outcome)


def against(done: Run, finding: str, **arms: str) -> AgainstPeople:
    """A run held against a finding."""
    return compare_run(done, find_finding(finding), **arms)
