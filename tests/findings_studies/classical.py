"""Classical models in place of a language model: rules that read a prompt as a person would, and say what is chosen how often.

A study of a finding is run as its file says, made smaller or larger by a patch, so that what is tested is the study: its wording,
its design, its table and its verdict.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from shutil import copytree
from typing import Any

from ruamel.yaml import YAML
from socsim_analysis.against_people import AgainstPeople, NotComparable
from socsim_analysis.declared import compare_declared

from socsim import Run, Scenario, ScriptedEngine, run
from socsim.inference.types import Request
from socsim.scenario import dump_scenario

__all__ = ["STUDIES", "Rule", "alike", "choosing", "held", "options_of", "played", "study"]

ROOT = Path(__file__).parents[2]
STUDIES = ROOT / "scenarios" / "findings"
_LINE = re.compile(r"^([A-Za-z]|\d+)\. (.+)$", re.MULTILINE)

Rule = Callable[[str, Sequence[str]], Sequence[float]]
"""Weights of the options, given the whole prompt and the options in the order in which they stand in it."""


def options_of(request: Request) -> dict[str, str]:
    """The option behind each label of a closed question, in the order shown."""
    question = next(segment.text for segment in reversed(request.segments) if segment.role == "user")
    labels = dict.fromkeys(one.strip() for one in request.candidates)
    found = dict(_LINE.findall(question))
    return {label: found[label] for label in labels}


def alike(prompt: str, options: Sequence[str]) -> Sequence[float]:
    """Every option as often as any other: answers by chance."""
    del prompt
    return [1.0] * len(options)


def choosing(rule: Rule, reply: Callable[[Request, int], str] | None = None) -> ScriptedEngine:
    """An engine that chooses as a rule says; what is to be written is "no" where no other reply is given."""

    def scores(request: Request) -> list[float]:
        prompt = "\n".join(segment.text for segment in request.segments)
        options = options_of(request)
        weights = dict(zip(options, rule(prompt, list(options.values())), strict=True))
        total = math.fsum(weights.values())
        written = [one.strip() for one in request.candidates]
        return [math.log(max(weights[one] / total, 1e-12) / written.count(one)) for one in written]

    return ScriptedEngine(reply=reply or (lambda request, seed: "no"), scorer=scores)


def study(name: str, **changes: Any) -> Scenario:
    """A study of the folder with some fields changed: ``{"population.size": 12}`` as ``population__size=12``.

    Entries of lists are named by their place, phases by their name: ``schedule__play__repeat=3``.
    """
    path = STUDIES / f"{name}.yaml"
    data: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    for field, value in changes.items():
        *parents, last = field.split("__")
        place = data
        for part in parents:
            place = _below(place, part)
        place[last] = value
    return Scenario.model_validate(data)


def _below(place: Any, part: str) -> Any:
    if isinstance(place, Mapping):
        return place[part]
    if part.isdigit():
        return place[int(part)]
    return next(entry for entry in place if entry.get("phase") == part)


def played(spec: Scenario, rule: Rule, out: Path, reply: Callable[[Request, int], str] | None = None) -> Run:
    """A study whose people follow a rule."""
    done = run(_beside_its_tables(spec, out.parent / "study"), engine=choosing(rule, reply), out=out)
    assert done.status == "complete"
    return done


def _beside_its_tables(spec: Scenario, folder: Path) -> Scenario | Path:
    """The study itself, or, where it reads tables, a file of it with these beside."""
    if not spec.tables:
        return spec
    copytree(STUDIES / "data", folder / "data")
    path = folder / f"{spec.name}.yaml"
    path.write_text(dump_scenario(spec), encoding="utf-8")
    return path


def held(done: Run, finding: str, arm: str | None = None) -> AgainstPeople:
    """A run held against a finding as its scenario declares it: the first entry, or that of an arm.

    Raises:
        StopIteration: the scenario has no such entry.
    """
    found = (one for one in _declared(done.path) if isinstance(one, AgainstPeople))
    return next(one for one in found if one.finding.finding == finding and arm in (None, one.arm))


@lru_cache(maxsize=4)
def _declared(path: Path) -> list[AgainstPeople | NotComparable]:
    return compare_declared(Run(path))
