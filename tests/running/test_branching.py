"""A branch is the run up to a step, asks nothing again before it, and is otherwise from then on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from socsim import Run, Scenario, ScriptedEngine, branch, replay, run
from socsim.branching import compare_branches, read_patch
from socsim.errors import ScenarioError


def spec() -> Scenario:
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "talk",
            "seed": 2,
            "population": {"size": 6},
            "network": {"graph": {"ring": {}}},
            "items": {"x": {"type": "ordinal", "text": "More?", "options": ["no", "yes"]}},
            "schedule": [
                {"phase": "before", "ask": ["x"]},
                {"phase": "talk", "repeat": 4, "interaction": {"kind": "neighbours"}, "ask": ["x"], "say": {}},
            ],
            "arms": ["treatment", "alone"],
            "inference": {"engine": "scripted", "model": "scripted"},
        }
    )


NEWS = {"talk": {"interventions": [{"kind": "news", "at": 2, "who": {"share": 1.0}, "text": "It rains."}]}}


@pytest.fixture
def parent(tmp_path: Path) -> Run:
    return run(spec(), out=tmp_path / "run", engine=ScriptedEngine())


def test_nothing_is_asked_again_before_the_branch(parent: Run, tmp_path: Path) -> None:
    engine = ScriptedEngine()
    done = branch(parent.path, at=3, phases=NEWS, out=tmp_path / "branch", engine=engine)
    assert done.status == "complete"
    before = parent.responses[parent.responses["step"] < 3]
    assert done.responses[done.responses["step"] < 3].equals(before)
    news = done.seen[done.seen["kind"] == "news"]
    assert set(news["step"]) == {3}
    assert len(news) == 12
    early = parent.events[parent.events["step"] < 3]
    assert engine.calls <= len(parent.calls) - len({call["digest"] for calls in early["calls"] for call in calls})
    assert replay(done.path).verified
    assert done.manifest["origin"]["why"] == "branch"


def test_branches_are_compared_from_the_step_on(parent: Run, tmp_path: Path) -> None:
    done = branch(parent.path, at=3, phases=NEWS, out=tmp_path / "branch", engine=ScriptedEngine())
    found = compare_branches(parent, done, 3)
    assert found.same_before
    assert set(found.means["step"]) == {3, 4}
    assert set(found.means["arm"]) == {"treatment", "alone"}
    row = found.means.iloc[0]
    answers = done.responses[(done.responses["arm"] == row["arm"]) & (done.responses["step"] == row["step"])]
    assert row["branch"] == pytest.approx(answers["expected"].mean())
    assert row["difference"] == pytest.approx(row["branch"] - row["run"])


def test_a_branch_that_changes_nothing_is_the_run(parent: Run, tmp_path: Path) -> None:
    engine = ScriptedEngine()
    done = branch(parent.path, at=2, phases={"talk": {}}, out=tmp_path / "branch", engine=engine)
    assert engine.calls == 0
    assert done.responses.equals(parent.responses)


@pytest.mark.parametrize(
    ("at", "phases", "words"),
    [
        (9, NEWS, "there is no step 9"),
        (2, {"talk": {"repeat": 2}}, "has the steps of the run"),
        (2, {"sing": {}}, "there is no phase 'sing'"),
        (2, {"talk": {"activation": "waltz"}}, "activation"),
        (2, {"talk": {"interaction": {"kind": "games", "options": {"game": "trust"}}}}, "needs"),
    ],
)
def test_what_cannot_be_a_branch_is_refused(parent: Run, tmp_path: Path, at: int, phases: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        branch(parent.path, at=at, phases=phases, out=tmp_path / "branch", engine=ScriptedEngine())
    assert not (tmp_path / "branch" / "manifest.json").exists()


def test_a_patch_file_holds_phases_alone(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("phases: {talk: {say: {max_tokens: 5}}}\n")
    assert read_patch(tmp_path / "p.yaml") == {"talk": {"say": {"max_tokens": 5}}}
    (tmp_path / "q.yaml").write_text("items: {}\n")
    with pytest.raises(ScenarioError, match="holds `phases` and nothing else"):
        read_patch(tmp_path / "q.yaml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_patch(tmp_path / "absent.yaml")
