"""A leakage probe: does the model of a scenario know the study that its prompts come from, and what is found in it?

Outside of any world the model is shown real prompts of the scenario, of the first and of the last phase, and is asked whether it
knows the study, what it expects to be found, and which of four titles is the study's. As a control it is asked to name the study
from a plain description of its design: who cannot do that cannot be found to recognise a prompt. The probe is a run like any
other: a scenario of its own, with items, readouts and a record, so that it can be replayed and resumed. What answers mean is not
known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from socsim.activation import Turn
from socsim.errors import RecordError, ScenarioError
from socsim.events import RunProgress
from socsim.inference.manner import manner_of
from socsim.inference.types import Capabilities, Engine
from socsim.recognition import PROBE_FACT, Choice
from socsim.record.manifest import MANIFEST_NAME, read_manifest, write_manifest
from socsim.resuming import resume
from socsim.run_folder import SCENARIO_NAME, Run
from socsim.runner import engine_for, open_scenario, run
from socsim.scenario import LoadedScenario, Scenario, dump_scenario
from socsim.scenario.engines import InferenceSpec
from socsim.staging import Stages
from socsim.turn_prompts import turn_prompts
from socsim.world import World, build_world

__all__ = ["Shown", "probe", "shown_prompts"]

_QUOTES = '"""'
_RECOGNITION = "recognition"
"""The item by which a scenario itself asks whether it is recognised; a phase that asks nothing else is no part of the study."""
_FRAME = (
    'This is what a participant in a study was told and asked. Square brackets stand for what others said.\n"""\n{told}\n"""\n'
)
_DESCRIBED = 'This describes how a study was made.\n"""\n{told}\n"""\n'
_STUDY = (
    "Is this a known study? If so, name it: who made it, and what it is called. "
    "If you do not know it, say that you do not know it."
)
_RESULT = "What did this study find, or what do you expect that it will find? Answer in one sentence."
_TITLE = "Which finding is this study about?"
_LONGEST = 120
"""Tokens of a text; what was written until then counts where it is longer."""
_SYSTEM = "You know the literature of the social sciences."


@dataclass(frozen=True, slots=True)
class Shown:
    """A prompt that is shown in a probe: where it stands in the scenario, and its text."""

    phase: str
    step: int
    replicate: int
    agent: int
    told: str


def probe(
    scenario: Scenario | LoadedScenario | str | Path,
    choices: Sequence[Sequence[Choice]],
    *,
    out: Path | str | None = None,
    engine: Engine | None = None,
    model_folder: Path | None = None,
    progress: RunProgress | None = None,
) -> Run:
    """Ask the scenario's models what they know of the study; returns the run of the probe.

    Args:
        scenario: a scenario, or the path of a file.
        choices: for each prompt that is shown, the titles to choose among for each family of findings.
        out: folder of the probe; ``runs/<name>-probe-<seed>-<time>`` where not given. Where it holds this very probe, it is gone
            on with, and nothing that was answered is asked again.
        engine: an engine to use instead of the one that the scenario names; stays open.
        model_folder: where the model's files are, if not beside the scenario.
        progress: whoever wants to see it go on.

    Raises:
        ScenarioError: the scenario cannot be run, or nobody is asked anything in it.
        RecordError: the folder holds something else, or cannot be made or written.
        RunInterrupted: stopped by the user; the same call with this folder goes on.
    """
    prepared = open_scenario(scenario)
    with engine_for(prepared.scenario, model_folder or prepared.folder, engine) as ready:
        able = ready.capabilities()
        with prepared.placing():
            shown = shown_prompts(prepared.scenario, prepared.folder, able, len(choices))
        spec = _probe_scenario(prepared.scenario, shown, choices, able)
        done = _carried_out(spec, prepared.folder, Path(out) if out is not None else None, ready, progress)
    fact = {
        "of": prepared.scenario.name,
        "findings": [list(choice.findings) for choice in choices[0]],
        "shown": [{"phase": one.phase, "step": one.step, "replicate": one.replicate, "agent": one.agent} for one in shown],
    }
    write_manifest(done.path, read_manifest(done.path) | {PROBE_FACT: fact})
    return done


def _carried_out(spec: Scenario, folder: Path | None, out: Path | None, engine: Engine, progress: RunProgress | None) -> Run:
    """The probe as a run: a new one, or one that was begun in ``out``."""
    text = dump_scenario(spec)
    if out is None or not (out / MANIFEST_NAME).is_file():
        loaded = spec if folder is None else LoadedScenario(spec, folder, text, folder / f"{spec.name}.yaml")
        return run(loaded, out=out, engine=engine, progress=progress)
    if (out / SCENARIO_NAME).read_text(encoding="utf-8") != text:
        raise RecordError(f"{out} holds another run. Give another folder.")
    return resume(out, engine=engine, progress=progress)


def shown_prompts(scenario: Scenario, folder: Path | None, able: Capabilities, prompts: int) -> tuple[Shown, ...]:
    """Prompts of the first and the last phase of the first arm, by turns, of one agent after another in all replicates.

    Each is the prompt of one call; where an agent is asked several items, one after another is shown. Where fewer differ than are
    wanted, they are shown again.

    Raises:
        ScenarioError: nobody is asked anything.
    """
    arm = next((one for one in scenario.arms if one.control is None), scenario.arms[0])
    manner = manner_of(able)
    worlds = [build_world(scenario, arm, number, folder, manner) for number in range(min(scenario.replicates, prompts))]
    found: dict[str, Shown] = {}
    turns = [_by_turns([_turns(world, last=last) for world in worlds]) for last in (False, True)]
    for place, (number, turn) in enumerate(islice(_by_turns(turns), 4 * prompts)):
        rendered = turn_prompts(worlds[number], turn)
        first = {prompt.item: prompt.told for prompt in reversed(rendered.prompts)}  # one order of the options is enough
        told = list(reversed(first.values()))[place // 2 % len(first)].replace(_QUOTES, "'''") if first else ""
        if told:
            found.setdefault(told, Shown(rendered.phase, turn.step, number, turn.agent, told))
        if len(found) == prompts:
            break
    if not found:
        raise ScenarioError("nobody is asked anything in this scenario, so there is nothing to show a model")
    different = list(found.values())
    return tuple(different[number % len(different)] for number in range(prompts))


def _by_turns(rows: Sequence[Iterator[Any]]) -> Iterator[Any]:
    """One of each row, then the next of each, until all are empty."""
    left = list(rows)
    while left:
        for row in list(left):
            try:
                yield next(row)
            except StopIteration:
                left.remove(row)


def _turns(world: World, *, last: bool) -> Iterator[tuple[int, Turn]]:
    """(replicate, turn) of the first or the last step that shows something of the study; turns of confederates are left out."""
    stages, scripted = Stages(world), world.happenings.scripts
    for planned in reversed(world.steps) if last else world.steps:
        turns = [turn for turn in stages[planned.step].turns if not turn.part.silent and turn.agent not in scripted]
        if turns and set(planned.asks) != {_RECOGNITION}:
            yield from ((world.replicate, turn) for turn in turns)
            return


def _probe_scenario(
    scenario: Scenario, shown: Sequence[Shown], choices: Sequence[Sequence[Choice]], able: Capabilities
) -> Scenario:
    """The probe as a scenario: one respondent for every model, and one phase for every prompt."""
    closed = {"method": "logprob", "labels": ["letters"]} if able.score else {"method": "sample", "labels": ["letters"]}
    items: dict[str, Any] = {}
    schedule = []
    for number, (one, families) in enumerate(zip(shown, choices, strict=True)):
        frame = _FRAME.replace("{told}", one.told)
        asked = {f"study_{number}": _open(frame + _STUDY), f"result_{number}": _open(frame + _RESULT)}
        for family, choice in enumerate(families):
            asked[f"described_{number}_{family}"] = _open(_DESCRIBED.replace("{told}", choice.design) + _STUDY)
            asked[f"title_{number}_{family}"] = {
                "type": "nominal",
                "text": frame + _TITLE,
                "options": list(choice.titles),
                "right": choice.titles[0],
                "readout": closed | {"orders": "shuffled"},
            }
        items |= asked
        schedule.append({"phase": f"prompt_{number}", "ask": list(asked)})
    inference = _asked_alike(scenario.inference)
    made = Scenario.model_validate(
        {
            "socsim": 1,
            "name": f"{scenario.name[:94]}-probe",
            "question": f"Does the model know the study of {scenario.name}, or what is found in it?",
            "seed": scenario.seed,
            "population": {"size": len(inference.labels), "persona": {"renderer": "none"}},
            "prompts": {"system": _SYSTEM},
            "items": items,
            "schedule": schedule,
            "failures": {"retry": 0, "complete_below": 1.0},
        }
    )
    return made.model_copy(update={"inference": inference})


def _open(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text, "readout": {"method": "text", "max_tokens": _LONGEST}}


def _asked_alike(spec: InferenceSpec) -> InferenceSpec:
    """The scenario's models with one respondent for each."""
    if isinstance(spec.model, str):
        return spec.model_copy(update={"share": None})
    alike = tuple(part.model_copy(update={"share": 1.0 / len(spec.model)}) for part in spec.model)
    return spec.model_copy(update={"share": None, "model": alike})
