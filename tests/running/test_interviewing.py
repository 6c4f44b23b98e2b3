"""An interview sees what the agent saw at its turn, and leaves the run as it was."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from processes import committed, killed, socsim, wait_for_calls
from test_branching import NEWS, spec

from socsim import ItemFailure, Run, Scenario, ScriptedEngine, branch, interview, run
from socsim.activation import Turn
from socsim.errors import RecordError
from socsim.inference.types import Request
from socsim.interactions.base import Shown
from socsim.interactions.neighbours import Neighbours
from socsim.scenario import dump_scenario
from socsim.view import View

PROMPTS: list[str] = []


def watched(request: Request, seed: int) -> str:
    del seed
    PROMPTS.append("\n".join(segment.text for segment in request.segments))
    return "I slept well."


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(spec(), out=tmp_path_factory.mktemp("interview") / "run", engine=ScriptedEngine())


def content(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_agent_is_asked_with_what_it_saw_then(done: Run) -> None:
    before = content(done.path)
    PROMPTS.clear()
    answer = interview(done.path, agent=2, step=3, question="How did you sleep?", engine=ScriptedEngine(watched))
    assert not isinstance(answer, ItemFailure)
    assert answer.texts == ("I slept well.",)
    (prompt,) = PROMPTS
    seen = done.seen[(done.seen["arm"] == "treatment") & (done.seen["agent"] == 2) & (done.seen["step"] == 3)]
    assert len(seen) == 2
    assert all(text.replace('"', "'") in prompt for text in seen["text"])
    assert "How did you sleep?" in prompt
    assert content(done.path) == before


def test_an_agent_of_a_run_that_still_goes_on_can_be_asked(done: Run, tmp_path: Path) -> None:
    file, folder = tmp_path / "s.yaml", tmp_path / "run"
    file.write_text(dump_scenario(spec()), encoding="utf-8")
    replies = len(done.calls) - 2
    process = socsim("run", file, "--out", folder, "--no-report", replies=replies)
    try:
        wait_for_calls(process, folder, replies)
        PROMPTS.clear()
        answer = interview(folder, agent=2, step=1, question="How did you sleep?", engine=ScriptedEngine(watched))
        assert process.poll() is None, "the run had ended, so this shows nothing"
        assert Run(folder).status == "running"
        assert len(committed(folder)) == replies
    finally:
        killed(process)
    assert not isinstance(answer, ItemFailure)
    assert answer.texts == ("I slept well.",)
    in_the_end = interview(done.path, agent=2, step=1, question="How did you sleep?", engine=ScriptedEngine(watched))
    assert not isinstance(in_the_end, ItemFailure)
    assert PROMPTS[0] == PROMPTS[1]


def test_options_and_items_are_read_as_distributions(done: Run) -> None:
    chosen = interview(done.path, agent=0, step=1, question="Which?", options=["red", "blue"], engine=ScriptedEngine())
    assert not isinstance(chosen, ItemFailure)
    assert chosen.option in ("red", "blue")
    assert sum(chosen.probabilities) == pytest.approx(1.0)
    asked = interview(done.path, agent=0, step=1, item="x", engine=ScriptedEngine())
    assert not isinstance(asked, ItemFailure)
    row = done.responses[(done.responses["arm"] == "treatment") & (done.responses["agent"] == 0) & (done.responses["step"] == 1)]
    assert asked.expected == pytest.approx(row["expected"].iloc[0])


class Whisper(Neighbours):
    """As neighbours, and somebody whispers."""

    kind = "whisper"

    def observe(self, turn: Turn, view: View) -> Shown:
        shown = super().observe(turn, view)
        return replace(shown, scene="Somebody whispers.\n")


def test_own_interactions_go_with_an_interview_and_a_branch(tmp_path: Path) -> None:
    plain = spec().model_dump(mode="json", by_alias=True, exclude_defaults=True)
    plain["schedule"][1]["interaction"] = {"kind": "custom", "name": "whisper"}
    own = {"whisper": Whisper}
    made = run(Scenario.model_validate(plain), out=tmp_path / "run", engine=ScriptedEngine(), interactions=own)
    PROMPTS.clear()
    interview(made.path, agent=1, step=2, question="Well?", engine=ScriptedEngine(watched), interactions=own)
    assert "Somebody whispers." in PROMPTS[0]
    left = branch(made.path, at=3, phases=NEWS, engine=ScriptedEngine(), interactions=own)
    assert left.status == "complete"


def test_alone_it_has_seen_nothing(done: Run) -> None:
    PROMPTS.clear()
    interview(done.path, agent=2, step=3, question="Well?", arm="alone", engine=ScriptedEngine(watched))
    assert "People you know wrote" not in PROMPTS[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"step": 9}, "there is no step 9"),
        ({"arm": "other"}, "no world of arm 'other'"),
        ({"agent": 17}, "agent 17 does not act"),
        ({"question": "", "item": "y"}, "there is no item 'y'"),
    ],
)
def test_what_is_not_there_is_named(done: Run, changes: dict[str, object], words: str) -> None:
    wanted = {"agent": 0, "step": 1, "question": "Well?", **changes}
    with pytest.raises(RecordError, match=words):
        interview(done.path, engine=ScriptedEngine(), **wanted)  # type: ignore[arg-type]
