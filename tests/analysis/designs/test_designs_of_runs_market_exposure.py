"""Tables of markets and of exposure, made from runs in which it is known who did what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from socsim_analysis.designs import STATISTICS
from socsim_analysis.designs.exposure import CHANGES
from socsim_analysis.designs.market import DOWNLOADS
from socsim_analysis.designs.of_runs import table_of

from socsim import Observation, Run, Scenario, ScriptedEngine, SocialAgent, run
from socsim.inference.types import Request

SONGS = {"a": "Alpha", "b": "Beta", "c": "Gamma"}


def made(schedule: list[dict[str, Any]], **parts: Any) -> Scenario:
    whole = {
        "socsim": 1,
        "name": "designs",
        "replicates": 2,
        "population": {"size": 6},
        "schedule": schedule,
        "failures": {"retry": 0, "complete_below": 1.0},
        "inference": {"engine": "scripted", "model": "scripted"},
    }
    return Scenario.model_validate(whole | parts)


def voting(**options: Any) -> dict[str, Any]:
    votes = {"items": SONGS, "readout": {"method": "sample"}, **options}
    return {"phase": "choose", "activation": "random_sequential", "interaction": {"kind": "votes", "options": votes}}


def says(*replies: str) -> ScriptedEngine:
    """Replies in turn, over and over, whatever is asked."""
    count = iter(range(10**6))
    return ScriptedEngine(reply=lambda request, seed: replies[next(count) % len(replies)])


def test_every_thing_has_a_row_in_every_world_and_only_votes_that_were_cast_count(tmp_path: Path) -> None:
    spec = made([voting(seed_votes={"c": 9})])
    done = run(spec, engine=says("Alpha", "Alpha", "none of them", "whatever", "Beta", "Alpha"), out=tmp_path / "run")
    table = table_of(done, "market")
    assert table is not None
    DOWNLOADS.check(table)
    assert sorted(table["song"].unique()) == ["a", "b", "c"]
    assert len(table) == 2 * 3
    assert table.groupby("song")["downloads"].sum().to_dict() == {"a": 6, "b": 2, "c": 0}  # neither failed nor seed votes


def test_votes_against_a_thing_are_no_downloads(tmp_path: Path) -> None:
    spec = made([voting(vote="up_down")], replicates=1, population={"size": 3})
    done = run(spec, engine=says("vote it up", "vote it down", "do not vote"), out=tmp_path / "run")
    table = table_of(done, "market")
    assert table is not None
    up = done.actions.query("kind == 'up'")
    assert table["downloads"].sum() == len(up) == 3


def test_a_run_without_votes_or_exposure_gives_no_table(tmp_path: Path) -> None:
    item = {"type": "ordinal", "text": "Yes?", "options": ["no", "yes"]}
    done = run(made([{"phase": "poll", "ask": ["q"]}], items={"q": item}), engine=ScriptedEngine(), out=tmp_path / "run")
    assert table_of(done, "market") is None
    assert table_of(done, "exposure") is None


SCALE = {"type": "ordinal", "text": "Opinion?", "options": ["1", "2", "3", "4", "5"]}


class Moved(SocialAgent):
    """Answers 2 at first, and 4 after having read anything; one person never answers the second question."""

    declared = True

    async def act(self, observation: Observation) -> None:
        for name in observation.asks:
            if name == "second" and self.number == 1 and observation.step == 0:
                await self.ask(name)  # the engine's reply cannot be read
            else:
                self.answer(name, "4" if observation.seen else "2")


def unreadable(request: Request, seed: int) -> str:
    return "who knows"


def exposed(out: Path, agents: type[SocialAgent] = Moved, **condition: Any) -> Run:
    shown = {"levels": {"none": "", "left": "Go left.", "right": "Go right."}, **condition}
    schedule: list[dict[str, Any]] = [
        {"phase": "before", "ask": ["first", "second"]},
        {"phase": "after", "interaction": {"kind": "exposure", "show": "text"}, "ask": ["first", "second"]},
    ]
    second = {**SCALE, "readout": {"method": "sample"}}
    spec = made(schedule, items={"first": SCALE, "second": second}, conditions={"text": shown})
    return run(spec, engine=ScriptedEngine(reply=unreadable), agent_class=agents, out=out)


def test_levels_stand_beside_the_one_that_shows_nothing(tmp_path: Path) -> None:
    table = table_of(exposed(tmp_path / "run"), "exposure")
    assert table is not None
    CHANGES.check(table)
    assert table["arm"].value_counts().to_dict() == {"treatment": 12, "treatment: left": 8, "treatment: right": 8}
    assert (table["after"] - table["before"] == 2.0 * table["treated"]).all()
    for arm in table["arm"].unique():
        assert STATISTICS["exposure.change_difference"](table[table["arm"] == arm], unit="world").estimate == 2.0


def test_an_item_counts_where_both_answers_were_given(tmp_path: Path) -> None:
    class Torn(Moved):
        """The second item stands at 5 throughout, so leaving it out on one side alone would look like a move."""

        async def act(self, observation: Observation) -> None:
            for name in observation.asks:
                if name == "second" and self.number == 1 and observation.step == 0:
                    await self.ask(name)
                else:
                    self.answer(name, "5" if name == "second" else "1")

    table = table_of(exposed(tmp_path / "run", Torn), "exposure")
    assert table is not None
    whole: Any = table[table["arm"] == "treatment"].set_index("person")
    assert whole.loc["1", "before"].tolist() == [1.0, 1.0]
    assert whole.loc["2", "before"].tolist() == [3.0, 3.0]
    assert np.allclose(table["before"], table["after"])


def test_the_declared_reference_is_not_treated_and_people_who_read_everything_have_no_table(tmp_path: Path) -> None:
    crossed = exposed(tmp_path / "crossed", assign="each_in_own_context")
    assert table_of(crossed, "exposure") is None
    done = exposed(tmp_path / "run", levels={"left": "Go left.", "none": ""})
    table = table_of(done, "exposure")
    assert table is not None
    assert table.loc[table["treated"], "after"].tolist() == pytest.approx(
        [2.0] * int(table["treated"].sum())
    )  # first level: reference
