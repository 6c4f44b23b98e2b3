"""Every readout on the embedded model: replies that are read add up, those that are not are typed and kept, and all replays."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, Field

from socsim import Run, SocialAgent, replay, run
from socsim.errors import ModelFileError
from socsim.items import ItemFailure
from socsim.models import find_model
from socsim.observation import Observation
from socsim.scenario import Scenario

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

SCALE = {"type": "ordinal", "text": "Taxes should be lower.", "options": ["disagree", "neither", "agree"]}
COLOURS = {"type": "nominal", "text": "Which colour do you like best?", "options": ["red", "green", "blue"]}
ITEMS = {
    "percent": {**SCALE, "readout": {"method": "verbalized", "orders": "fixed"}},
    "several": {**COLOURS, "readout": {"method": "verbalized_sampling", "answers": 2, "orders": "shuffled"}},
    "forecast": {**SCALE, "readout": {"method": "expert", "orders": "fixed"}},
    "words": {"type": "text", "text": "What do you think of taxes?", "readout": {"method": "text", "n": 2, "max_tokens": 60}},
    "hours": {
        "type": "number",
        "text": "How many hours do you sleep?",
        "range": [0, 24],
        "readout": {"method": "number", "n": 2},
    },
    "drawn": {**COLOURS, "readout": {"method": "sample", "n": 4, "orders": "shuffled"}},
    "scored": {**COLOURS, "readout": {"orders": "full", "labels": ["letters"], "correction": "calibrated", "temperature": 2}},
    "turned": {**SCALE, "readout": {"orders": "shuffled", "labels": ["letters"]}},
}


class Plan(BaseModel):
    hours: int = Field(ge=0, le=24)
    mood: Literal["glad", "sad"]


class Planner(SocialAgent):
    """Answers everything and makes a plan."""

    async def act(self, observation: Observation) -> None:
        await super().act(observation)
        plan = await self.ask_as(Plan, "How many hours will you work today, and in what mood?", max_tokens=64)
        self.publish("no plan" if isinstance(plan, ItemFailure) else f"{plan.hours} hours, {plan.mood}")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    try:
        find_model("smollm2-135m")
    except ModelFileError as error:
        pytest.skip(str(error))
    scenario = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "readouts",
            "seed": 3,
            "population": {"size": 2, "data": "statsmodels/anes96", "facts": {"age": "age"}, "persona": {"facts": ["age"]}},
            "items": ITEMS,
            "schedule": [{"phase": "one", "ask": list(ITEMS)}],
            "failures": {"retry": 1, "repair": 1, "complete_below": 1.0},
            "inference": {"embedded": {"slots": 4}},
        }
    )
    return run(scenario, out=tmp_path_factory.mktemp("runs") / "run", agent_class=Planner)


def test_everything_was_answered_or_failed_with_its_reply(finished: Run) -> None:
    rows = finished.responses
    assert len(rows) == 2 * (len(ITEMS) + 1)
    failed = rows[rows["status"] == "failed"]
    kinds = {"wrong_sum", "no_match", "ambiguous", "cut_off", "empty", "out_of_range", "not_a_number"}
    assert set(failed["failure"].str.split(":").str[0]) <= kinds
    assert (failed["raw"].str.len() > 0).all()
    assert failed["option"].eq("").all()


def test_distributions_that_were_read_sum_to_one(finished: Run) -> None:
    rows = finished.responses
    closed = rows[
        (rows["status"] == "answered") & rows["item"].isin(["percent", "several", "forecast", "drawn", "scored", "turned"])
    ]
    assert {"scored", "turned"} <= set(closed["item"])
    assert all(sum(row) == pytest.approx(1.0) for row in closed["probabilities"])
    assert closed["mass"].between(0.0, 1.0).all()


def test_forms_that_the_engine_holds_never_fail_by_their_form(finished: Run) -> None:
    rows = finished.responses
    held = rows[rows["item"].isin(["percent", "several", "forecast", "hours", "Plan"])]
    assert not held["failure"].str.startswith("malformed").any()
    plans = held[(held["item"] == "Plan") & (held["status"] == "answered")]
    assert len(plans) > 0
    assert all(0 <= Plan.model_validate_json(text).hours <= 24 for text in plans["option"])


def test_it_replays_from_its_record(finished: Run) -> None:
    assert replay(finished.path, agent_class=Planner).verified
