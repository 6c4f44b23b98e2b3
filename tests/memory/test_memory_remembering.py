"""What people remember, exactly, and that it is bounded, recorded and replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from socsim import Scenario, ScriptedEngine, replay, run
from socsim.errors import ScenarioError
from socsim.inference.types import Request
from socsim.scenario import load_scenario
from socsim.scenario.remembering import tokens_of


def talk(memory: dict[str, Any], **parts: Any) -> Scenario:
    """Three on a path: the first reads the second, and so on; each says its name and the step."""
    whole = {
        "socsim": 1,
        "name": "memory",
        "seed": 3,
        "population": {"size": 3},
        "network": {"graph": {"path": {}}, "place": {"by": "given"}},
        "memory": memory,
        "schedule": [
            {
                "phase": "talk",
                "repeat": 3,
                "interaction": {"kind": "neighbours"},
                "remember": ["memory"],
                "say": {"topic": "buses", "max_tokens": 20},
            }
        ],
        "failures": {"retry": 0, "complete_below": 1.0},
        "inference": {"engine": "scripted", "model": "scripted"},
    }
    return Scenario.model_validate(whole | parts)


def counting(request: Request, seed: int) -> str:
    del seed
    text = "\n".join(segment.text for segment in request.segments)
    if "JSON object" in text:
        return json.dumps({"fare": 2.5, "mood": "fine"})
    if "what you will remember" in text:
        return f"Summary of {text.count('- ')} things."
    return "Hello there."


def recalled(
    memory: dict[str, Any], tmp_path: Path, engine: ScriptedEngine | None = None, **parts: Any
) -> dict[tuple[int, int], list[str]]:
    done = run(talk(memory, **parts), out=tmp_path / "run", engine=engine or ScriptedEngine(counting), checked=True)
    assert replay(tmp_path / "run").verified
    found: dict[tuple[int, int], list[str]] = {}
    for row in done.recalled.itertuples():
        found.setdefault((row.step, row.agent), []).append(f"{row.kind}: {row.text}")
    return found


def test_the_last_things_are_what_was_seen_and_said_in_order(tmp_path: Path) -> None:
    found = recalled({"kind": "last", "k": 3}, tmp_path)
    assert (0, 0) not in found
    assert found[1, 0] == ['said: You wrote: "Hello there."']
    assert found[2, 0] == [
        'said: You wrote: "Hello there."',
        'seen: Person 2 wrote: "Hello there."',
        'said: You wrote: "Hello there."',
    ]
    assert len(found[2, 1]) == 3
    assert sum(line.startswith("seen") for line in found[2, 1]) == 2


def test_prompts_hold_what_is_recalled(tmp_path: Path) -> None:
    prompts: list[str] = []

    def watched(request: Request, seed: int) -> str:
        prompts.append("\n".join(segment.text for segment in request.segments))
        return counting(request, seed)

    recalled({"kind": "last", "k": 1}, tmp_path, ScriptedEngine(watched))
    assert sum('You remember:\n- You wrote: "Hello there."\n' in prompt for prompt in prompts) == 6


@pytest.mark.parametrize("kind", ["last", "budget", "summary", "retrieval"])
def test_nothing_ever_exceeds_the_bound(kind: str, tmp_path: Path) -> None:
    found = recalled({"kind": kind, "k": 50, "max_tokens": 12}, tmp_path)
    for lines in found.values():
        assert sum(tokens_of(line.partition(": ")[2]) for line in lines) <= 12


def test_a_summary_is_written_anew_from_the_old_one(tmp_path: Path) -> None:
    prompts: list[str] = []

    def watched(request: Request, seed: int) -> str:
        text = "\n".join(segment.text for segment in request.segments)
        prompts.append(text)
        return counting(request, seed)

    found = recalled({"kind": "summary", "what": ["said", "seen"]}, tmp_path, ScriptedEngine(watched))
    assert found[1, 0] == ["summary: Summary of 1 things."]
    assert all(len(lines) == 1 for lines in found.values())
    summarising = [prompt for prompt in prompts if "what you will remember" in prompt]
    assert len(summarising) == 9
    assert sum("Until now you remembered this: nothing yet" in prompt for prompt in summarising) == 3
    assert sum("Until now you remembered this: Summary of" in prompt for prompt in summarising) == 6


def test_a_summary_that_failed_leaves_the_old_one_and_is_recorded(tmp_path: Path) -> None:
    calls = 0

    def failing(request: Request, seed: int) -> str:
        nonlocal calls
        text = counting(request, seed)
        if text.startswith("Summary"):
            calls += 1
            return text if calls <= 3 else ""
        return text

    found = recalled({"kind": "summary", "what": ["said"]}, tmp_path, ScriptedEngine(failing))
    assert found[1, 0] == found[2, 0] == ["summary: Summary of 1 things."]
    from socsim import Run

    responses = Run(tmp_path / "run").responses
    summaries = responses[responses["item"] == "memory.summary"]
    assert summaries["status"].value_counts().to_dict() == {"failed": 6, "answered": 3}


def test_beliefs_are_typed_states_beside_the_text(tmp_path: Path) -> None:
    beliefs = {"fare": {"type": "number", "text": "the fair price of a ride"}, "mood": {"text": "how you feel"}}
    found = recalled({"kind": "last", "k": 1, "beliefs": beliefs}, tmp_path)
    assert found[1, 0][:2] == ["belief: fare: 2.5", "belief: mood: fine"]
    assert len(found[2, 0]) == 3


def test_importance_is_rated_when_things_happen(tmp_path: Path) -> None:
    recalled({"kind": "retrieval", "importance": "call", "k": 2}, tmp_path)
    from socsim import Run

    responses = Run(tmp_path / "run").responses
    rated = responses[responses["item"].str.startswith("memory.importance")]
    assert len(rated) == 9 + 8
    assert rated["expected"].between(1, 10).all()


def test_whoever_is_replaced_remembers_nothing_from_before(tmp_path: Path) -> None:
    (phase,) = talk({"kind": "last"}).model_dump(mode="json", by_alias=True)["schedule"]
    phase["interventions"] = [{"kind": "replace", "at": 2, "who": {"agents": [0]}}]
    people = {"size": 3, "marginals": {"shares": {"town": {"A": 0.5, "B": 0.5}}}}
    found = recalled({"kind": "last"}, tmp_path, schedule=[phase], population=people)
    assert (1, 0) in found
    assert (2, 0) not in found
    assert (2, 1) in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("memory: {kind: last}", "no phase brings the memory up"),
        ("memory: {kind: dream}", "memory.kind"),
        ("memory: {kind: last, wording: {said: '{nobody}'}}", "has no slot 'nobody'"),
        ("memory: {kind: last, wording: {sung: x}}", "there is no template 'sung'"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        f"socsim: 1\nname: x\npopulation: {{size: 2}}\n{text}\nschedule: [{{phase: p, say: {{topic: x}}}}]\n", encoding="utf-8"
    )
    with pytest.raises(ScenarioError, match=words):
        load_scenario(path)


def test_a_phase_cannot_remember_what_nobody_keeps(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    phase = "{phase: p, say: {topic: x}, remember: [memory]}"
    path.write_text(f"socsim: 1\nname: x\npopulation: {{size: 2}}\nschedule: [{phase}]\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="nothing says how people remember"):
        load_scenario(path)
