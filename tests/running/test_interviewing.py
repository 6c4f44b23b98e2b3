"""An interview sees what the agent saw at its turn, and leaves the run as it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from test_branching import spec

from socsim import ItemFailure, Run, ScriptedEngine, interview, run
from socsim.errors import RecordError
from socsim.inference.types import Request

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


def test_options_and_items_are_read_as_distributions(done: Run) -> None:
    chosen = interview(done.path, agent=0, step=1, question="Which?", options=["red", "blue"], engine=ScriptedEngine())
    assert not isinstance(chosen, ItemFailure)
    assert chosen.option in ("red", "blue")
    assert sum(chosen.probabilities) == pytest.approx(1.0)
    asked = interview(done.path, agent=0, step=1, item="x", engine=ScriptedEngine())
    assert not isinstance(asked, ItemFailure)
    row = done.responses[(done.responses["arm"] == "treatment") & (done.responses["agent"] == 0) & (done.responses["step"] == 1)]
    assert asked.expected == pytest.approx(row["expected"].iloc[0])


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
