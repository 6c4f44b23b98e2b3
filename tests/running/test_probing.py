"""The leakage probe: real prompts of the first and the last phase, and an ordinary run with a record that is gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from socsim import Run, Scenario, ScriptedEngine
from socsim.errors import RecordError, ScenarioError
from socsim.inference.types import Request
from socsim.probing import probe, shown_prompts
from socsim.recognition import PROBE_FACT, Choice
from socsim.replaying import replay
from socsim.scenario import load_scenario

CHOICE = Choice(("asch1956.error_share",), ("Lines", "Songs", "Letters", "Votes"), "People judge lines after others.")


def scenario(**changes: Any) -> Scenario:
    scripted = {"line": "line 2", "other": "line 2"}
    line = {"type": "nominal", "text": 'Which line is as long as """this one"""?', "options": ["line 1", "line 2"]}
    content: dict[str, Any] = {
        "socsim": 1,
        "name": "lines",
        "seed": 4,
        "replicates": 2,
        "population": {"size": 4, "confederates": [{"who": {"agents": [0, 1]}, "answers": scripted}]},
        "network": {"graph": {"complete": {}}, "place": {"by": "given"}},
        "items": {
            "line": line,
            "other": line | {"text": "Which one now?"},
            "recognition": {"type": "text", "text": "Known?", "readout": {"method": "text"}},
        },
        "schedule": [
            {"phase": "before", "ask": ["line"]},
            {"phase": "middle", "ask": ["line"]},
            {"phase": "together", "interaction": {"kind": "neighbours", "see": "answers"}, "ask": ["line", "other"]},
            {"phase": "after", "ask": ["recognition"]},
        ],
        "arms": ["alone", "treatment"],
    }
    return Scenario.model_validate(content | changes)


def choices(prompts: int = 6) -> tuple[tuple[Choice, ...], ...]:
    return ((CHOICE,),) * prompts


def test_prompts_are_those_of_people_without_a_script_in_the_first_and_the_last_phase_of_the_study() -> None:
    shown = shown_prompts(scenario(), None, ScriptedEngine().capabilities(), 6)
    assert {one.phase for one in shown} == {"before", "together"}
    assert not {one.agent for one in shown} & {0, 1}
    assert len({one.told for one in shown}) == 5  # one before, and two items of two people together
    assert shown[5] == shown[0]
    last = [one.told for one in shown if one.phase == "together"]
    assert all(told.count('"line 2"') == 2 for told in last)  # what the script says
    assert all(told.count("will have answered") == 1 for told in last)
    assert any("Which one now?" in told for told in last)
    assert any("'''this one'''" in told for told in last)  # nothing in it ends the quotation
    assert not any("[user]" in one.told or "Answer:" in one.told or '"""' in one.told for one in shown)


def test_as_many_prompts_are_shown_as_are_wanted_and_the_same_ones_again_where_few_differ() -> None:
    able = ScriptedEngine().capabilities()
    (only,) = shown_prompts(scenario(), None, able, 1)
    assert only.phase == "before"
    alone = scenario(schedule=[{"phase": "before", "ask": ["line"]}])  # nobody differs from anybody
    assert len(shown_prompts(alone, None, able, 50)) == 50
    assert len(set(shown_prompts(alone, None, able, 50))) == 1
    with pytest.raises(ScenarioError, match="nobody is asked anything"):
        shown_prompts(scenario(schedule=[{"phase": "after", "ask": ["recognition"]}]), None, able, 5)


def test_a_probe_is_a_run_with_a_record_that_is_replayed_and_whose_scenario_can_be_read(tmp_path: Path) -> None:
    done = probe(scenario(), choices(), out=tmp_path / "probe", engine=ScriptedEngine())
    shown = done.manifest[PROBE_FACT]["shown"]
    assert done.manifest[PROBE_FACT]["of"] == "lines"
    assert done.manifest[PROBE_FACT]["findings"] == [["asch1956.error_share"]]
    assert done.status == "complete"
    assert len(done.responses) == 4 * len(shown)
    assert replay(done.path).verified
    spec = load_scenario(done.path / "scenario.yaml").scenario
    assert spec.name == "lines-probe"
    assert all(item.right == "Lines" for name, item in spec.items.items() if name.startswith("title"))


def test_the_model_is_asked_as_nobody_and_sees_the_quoted_prompt(tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(request: Request, seed: int) -> str:
        asked.append("".join(segment.text for segment in request.segments))
        return "I do not know it."

    probe(scenario(), choices(2), out=tmp_path / "probe", engine=ScriptedEngine(reply=reply))
    assert all(text.startswith("You know the literature of the social sciences.") for text in asked)
    assert sum("what a participant in a study was told" in text for text in asked) == 4
    assert sum("People judge lines after others." in text for text in asked) == 2


def test_orders_of_the_titles_are_drawn_from_the_seed(tmp_path: Path) -> None:
    runs = [probe(scenario(), choices(), out=tmp_path / name, engine=ScriptedEngine()) for name in ("one", "two")]
    orders = [run.readings[run.readings["item"].str.startswith("title")]["order"].tolist() for run in runs]
    assert orders[0] == orders[1]
    assert len(set(orders[0])) > 1


def test_the_same_probe_is_gone_on_with_and_asks_nothing_twice_and_another_one_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "probe"
    probe(scenario(), choices(), out=out, engine=ScriptedEngine())
    again = ScriptedEngine()
    done = probe(scenario(), choices(), out=out, engine=again)
    assert again.calls == 0
    assert PROBE_FACT in done.manifest
    with pytest.raises(RecordError, match="holds another run"):
        probe(scenario(seed=5), choices(), out=out, engine=ScriptedEngine())


def test_every_model_of_several_is_asked_once(tmp_path: Path) -> None:
    models = [{"name": "one", "share": 0.9}, {"name": "two", "share": 0.1}]
    spec = scenario(inference={"engine": "scripted", "model": models})
    done = probe(spec, choices(2), out=tmp_path / "probe")
    assert sorted(done.agents["model"]) == ["one", "two"]
    assert done.responses.groupby("agent")["item"].nunique().tolist() == [8, 8]


def test_engines_that_score_nothing_write_their_choice(tmp_path: Path) -> None:
    engine = ScriptedEngine(reply=lambda request, seed: "A", able={"score": False})
    done = probe(scenario(), choices(2), out=tmp_path / "probe", engine=engine)
    rows = done.responses[done.responses["item"].str.startswith("title")]
    assert set(rows["method"]) == {"sample"}
    assert set(rows["status"]) == {"answered"}
    assert isinstance(done, Run)
