"""Every readout through a whole run on a scripted engine: read, recorded, replayed; and what unable engines are asked instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from socsim import Run, SocialAgent, replay, run
from socsim.errors import ScenarioError
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.types import Completion, Request
from socsim.items import ItemFailure
from socsim.observation import Observation
from socsim.record.manifest import read_manifest
from socsim.record.store import RecordStore
from socsim.scenario import Scenario
from socsim.showing import show_event

COLOURS = {"type": "nominal", "text": "Which colour?", "options": ["red", "green", "blue"]}
SCALE = {"type": "ordinal", "text": "Lower taxes?", "options": ["no", "maybe", "yes"]}
ITEMS: dict[str, dict[str, Any]] = {
    "percent": {**SCALE, "readout": {"method": "verbalized"}},
    "several": {**COLOURS, "readout": {"method": "verbalized_sampling", "answers": 2, "orders": "shuffled"}},
    "forecast": {**SCALE, "readout": {"method": "expert", "orders": "fixed"}},
    "words": {"type": "text", "text": "Why?", "readout": {"method": "text", "n": 2}},
    "hours": {"type": "number", "text": "How many hours?", "range": [0, 24], "readout": {"method": "number", "n": 2}},
    "drawn": {**COLOURS, "readout": {"method": "sample", "n": 3, "orders": "shuffled"}},
    "scored": {**COLOURS, "readout": {"orders": "full", "labels": ["letters"], "correction": "calibrated", "temperature": 2}},
    "turned": {**SCALE, "readout": {"orders": "shuffled", "labels": ["letters"]}},
}


def small(items: dict[str, dict[str, Any]], **changes: Any) -> Scenario:
    spec: dict[str, Any] = {
        "socsim": 1,
        "name": "readouts",
        "seed": 5,
        "population": {"size": 4, "data": "statsmodels/anes96", "facts": {"age": "age"}, "persona": {"facts": ["age"]}},
        "items": items,
        "schedule": [{"phase": "one", "ask": list(items)}, {"phase": "two", "ask": list(items)}],
        "failures": {"retry": 0, "repair": 1},
        "inference": {"engine": "scripted"},
    }
    return Scenario.model_validate(spec | changes)


def good(request: Request, seed: int) -> str:
    """A reply in the form that is asked for."""
    text = "".join(segment.text for segment in request.segments if segment.role == "user")
    if "percentage" in text:
        return '{"A": 20, "B": 30, "C": 50}'
    if "probability" in text:
        return '{"answers": [{"answer": "A", "probability": 0.5}, {"answer": "C", "probability": 0.25}]}'
    if '"number"' in text:
        return json.dumps({"number": 6 + seed % 3})
    return "ABC"[seed % 3] if "label of one option" in text else "Because I say so."


def made(out: Path, scenario: Scenario, reply: Callable[[Request, int], str] = good, **able: Any) -> Run:
    return run(scenario, out=out, engine=ScriptedEngine(reply=reply, able=able))


def test_every_readout_is_read_recorded_and_replayed_without_an_engine(tmp_path: Path) -> None:
    finished = made(tmp_path / "run", small(ITEMS))
    rows = finished.responses
    assert finished.status == "complete"
    assert set(rows["status"]) == {"answered"}
    by_item = rows.groupby("item")
    assert {item: part["method"].iloc[0] for item, part in by_item} == {
        name: item["readout"].get("method", "logprob") for name, item in ITEMS.items()
    }
    assert by_item.get_group("forecast")["probabilities"].iloc[0] == pytest.approx([0.2, 0.3, 0.5])
    assert by_item.get_group("several")["mass"].iloc[0] == pytest.approx(0.75)
    assert json.loads(by_item.get_group("words")["raw"].iloc[0]) == ["Because I say so."] * 2
    assert by_item.get_group("hours")["value"].between(6, 8).all()
    assert set(finished.readings["how"]) >= {"divided by the mean probabilities of three prompts without content; temperature 2"}
    assert replay(tmp_path / "run").verified


def test_orders_are_drawn_for_every_agent_and_step_and_are_those_of_other_arms(tmp_path: Path) -> None:
    items = {"drawn": ITEMS["drawn"], "turned": ITEMS["turned"]}
    other = {"other": {"prompts": {"system": "{persona}"}}}
    finished = made(tmp_path / "run", small(items, population={"size": 40}, arms=["treatment", other]))
    orders = finished.readings.pivot_table(index=["step", "agent", "item"], columns="arm", values="order", aggfunc="first")
    assert (orders["treatment"] == orders["other"]).all()
    shown = orders["treatment"].unstack("item")
    assert shown["drawn"].nunique() == 6
    assert set(shown["turned"]) == {"forward", "backward"}
    steps = orders["treatment"].unstack("step")
    assert (steps[0] != steps[1]).any()


def test_replies_that_cannot_be_read_are_shown_again_and_repairs_are_counted(tmp_path: Path) -> None:
    def reluctant(request: Request, seed: int) -> str:
        repairing = any("cannot be read" in segment.text for segment in request.segments)
        return good(request, seed) if repairing else "I would rather not say {"

    items = {name: ITEMS[name] for name in ("percent", "several", "forecast", "hours", "drawn")}
    finished = made(tmp_path / "run", small(items), reluctant)
    rows = finished.responses
    assert set(rows["status"]) == {"answered"}
    repaired = rows.groupby("item")["repaired"].first().to_dict()
    assert repaired == {"percent": 2, "several": 1, "forecast": 1, "hours": 2, "drawn": 3}
    assert replay(tmp_path / "run").verified


def test_without_repair_they_are_typed_failures_with_the_reply(tmp_path: Path) -> None:
    items = {name: ITEMS[name] for name in ("percent", "several", "forecast", "hours", "drawn")}
    scenario = small(items, failures={"retry": 1, "complete_below": 0.5})
    finished = made(tmp_path / "run", scenario, lambda request, seed: "I would rather not say {")
    assert finished.status == "incomplete"
    assert set(finished.responses["status"]) == {"failed"}
    assert set(finished.responses["raw"]) == {"I would rather not say {"}
    assert finished.responses["value"].isna().all()


def test_a_less_able_engine_is_asked_otherwise_and_the_manifest_says_so(tmp_path: Path) -> None:
    items = {"whole": {**COLOURS, "readout": {"score": "whole_option"}}, "drawn": {**COLOURS, "readout": {"method": "sample"}}}
    finished = made(tmp_path / "run", small(items), prefill=False, whole_options=False)
    manifest = read_manifest(tmp_path / "run")
    assert {name: manifest[name] for name in ("style", "prefill", "whole_options")} == {
        "style": "chat",
        "prefill": False,
        "whole_options": False,
    }
    assert set(finished.readings.loc[finished.readings["item"] == "whole", "labels"]) == {"letters (instead of whole options)"}
    assert set(finished.readings["how"]) == {"the reply could not be begun, so the label alone was asked for"}
    assert replay(tmp_path / "run").verified


class Merging(ScriptedEngine):
    """A scripted engine that notes how many texts it drew from each prefill."""

    def __init__(self) -> None:
        super().__init__(reply=good, able={"samples": 8})
        self.drawn: list[int] = []

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        self.drawn.append(len(seeds))
        return await super().sample(request, seeds=seeds)


def test_the_draws_of_one_answer_are_one_prefill(tmp_path: Path) -> None:
    engine = Merging()
    items = {"drawn": {**COLOURS, "readout": {"method": "sample", "n": 6}}}
    finished = run(small(items, schedule=[{"phase": "one", "ask": ["drawn"]}]), out=tmp_path / "run", engine=engine)
    assert sorted(engine.drawn) == [6] * 4
    assert len(finished.calls) == 24
    assert replay(tmp_path / "run").verified


@pytest.mark.parametrize(("fresh", "calls"), [(False, 2), (True, 16)])
def test_fresh_scores_are_asked_by_everybody_anew(tmp_path: Path, fresh: bool, calls: int) -> None:
    scenario = small({"turned": {**SCALE, "readout": {"labels": ["letters"]}}}, population={"size": 4})
    scenario = scenario.model_copy(update={"inference": scenario.inference.model_copy(update={"fresh": fresh})})
    finished = made(tmp_path / "run", scenario)
    assert len(finished.calls) == calls
    assert len(finished.responses) == 8
    assert replay(tmp_path / "run").verified


class Plan(BaseModel):
    hours: int
    mood: Literal["glad", "sad"]


class Planner(SocialAgent):
    """Asks for a plan, and says so."""

    async def act(self, observation: Observation) -> None:
        plan = await self.ask_as(Plan, "What will you do? {hours}", name="plan")
        self.publish("nothing" if isinstance(plan, ItemFailure) else f"{plan.hours} hours, {plan.mood}")


def test_an_agent_gets_a_reply_in_the_form_of_a_class_and_it_is_an_answer(tmp_path: Path) -> None:
    def reply(request: Request, seed: int) -> str:
        return f'{{"hours": {seed % 9}, "mood": "{"glad" if seed % 2 else "sad"}"}}'

    scenario = small({"words": ITEMS["words"]}, schedule=[{"phase": "one", "ask": ["words"]}])
    engine = ScriptedEngine(reply=reply, able={"constrained": True})
    finished = run(scenario, out=tmp_path / "run", engine=engine, agent_class=Planner)
    rows = finished.responses
    assert set(rows["item"]) == {"plan"}
    assert set(rows["method"]) == {"structured"}
    told = [f"{plan.hours} hours, {plan.mood}" for plan in map(Plan.model_validate_json, rows["option"])]
    assert told == list(finished.messages["text"])
    assert replay(tmp_path / "run", agent_class=Planner).verified


def test_a_form_that_never_comes_is_a_failed_answer_with_the_reply(tmp_path: Path) -> None:
    seen: list[Request] = []

    def reply(request: Request, seed: int) -> str:
        seen.append(request)
        return '{"hours": "many", "mood": "glad"}'

    scenario = small({"words": ITEMS["words"]}, schedule=[{"phase": "one", "ask": ["words"]}])
    engine = ScriptedEngine(reply=reply, able={"constrained": True})
    finished = run(scenario, out=tmp_path / "run", engine=engine, agent_class=Planner)
    assert set(finished.responses["failure"]) == {"malformed: hours: Input should be a valid integer"}
    assert set(finished.responses["raw"]) == {'{"hours": "many", "mood": "glad"}'}
    assert set(finished.messages["text"]) == {"nothing"}
    assert "What will you do? {hours}" in seen[0].segments[-1].text
    assert json.loads(seen[0].constraint)["required"] == ["hours", "mood"]
    repairs = [request for request in seen if "cannot be read" in request.segments[-1].text]
    assert len(repairs) == 4
    assert "hours: Input should be a valid integer" in repairs[0].segments[-1].text


class Clashing(SocialAgent):
    """Would record a reply under the name of an item."""

    async def act(self, observation: Observation) -> None:
        await self.ask_as(Plan, "What will you do?", name="words")


def test_a_reply_does_not_take_the_name_of_an_item(tmp_path: Path) -> None:
    scenario = small({"words": ITEMS["words"]}, schedule=[{"phase": "one", "ask": ["words"]}])
    with pytest.raises(ValueError, match="'words' is the name of an item"):
        run(scenario, out=tmp_path / "run", engine=ScriptedEngine(reply=good), agent_class=Clashing)


def test_a_wish_that_the_engine_cannot_meet_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"items\.scored\.readout\.method.*Engines that can: embedded"):
        made(tmp_path / "run", small({"scored": ITEMS["scored"]}), score=False)
    assert not (tmp_path / "run").exists()


def test_a_recorded_event_shows_how_its_answers_were_had(tmp_path: Path) -> None:
    finished = made(tmp_path / "run", small({"scored": ITEMS["scored"]}))
    with RecordStore.open(finished.path / "record.sqlite", read_only=True) as store:
        text = show_event(store, next(iter(store.events())))
    assert "    divided by the mean probabilities of three prompts without content\n    temperature 2\n" in text
