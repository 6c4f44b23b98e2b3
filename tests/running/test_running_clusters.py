"""Conditions assigned to communities of a network: in a run, in its effects, and in their intervals."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
import statsmodels.api as sm
from socsim_analysis.effects import effect_table
from socsim_analysis.report import render_report

from socsim import Run, Scenario, ScriptedEngine, replay, run
from socsim.errors import ScenarioError
from socsim.inference.types import Request
from socsim.scenario import load_scenario


def scores(request: Request) -> tuple[float, ...]:
    text = "".join(segment.text for segment in request.segments)
    weight = (int(request.digest()[:6], 16) % 50 + 1) / 100 + (0.4 if "free lunch" in text else 0.0)
    return tuple(math.log((weight if one.strip() == "B" else 1.0 - weight) / 2) for one in request.candidates)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    spec = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "clusters",
            "population": {"size": 40, "data": "statsmodels/anes96", "facts": {"age": "age"}},
            "network": {"graph": {"watts_strogatz": {"k": 4, "p": 0.0}}},
            "conditions": {"message": {"levels": {"none": None, "lunch": "There will be a free lunch."}, "assign": "clusters"}},
            "items": {"bus": {"type": "ordinal", "text": "Free?", "options": ["no", "yes"], "readout": {"labels": ["letters"]}}},
            "schedule": [
                {"phase": "treat", "interaction": {"kind": "exposure", "show": "message"}, "ask": ["bus"]},
                {"phase": "talk", "interaction": {"kind": "neighbours"}, "ask": ["bus"], "say": {}},
            ],
        }
    )
    return run(spec, engine=ScriptedEngine(scorer=scores), out=tmp_path_factory.mktemp("clusters") / "run")


def test_neighbours_are_mostly_at_the_same_level(done: Run) -> None:
    level = done.trials.query("name == 'message' and step == 0").set_index("agent")["level"]
    cluster = done.trials.query("name == 'message.cluster' and step == 0").set_index("agent")["level"]
    assert level.groupby(cluster).nunique().eq(1).all()
    same = [level[row.author] == level[row.reader] for row in done.ties.itertuples()]
    assert sum(same) / len(same) > 0.7
    assert replay(done.path).verified


def test_intervals_are_over_communities_until_people_meet(done: Run) -> None:
    table = effect_table(done, "bus").set_index("step")
    assert table.loc[0, "unit"] == "community"
    assert table.loc[0, "units"] == len(set(done.trials.query("name == 'message.cluster'")["level"])) > 4
    assert table.loc[1, ["unit", "units"]].tolist() == ["world", 1]
    wide = done.trials[done.trials["step"] == 0].pivot(index="agent", columns="name", values="level").reset_index()
    answers = done.responses[done.responses["step"] == 0].merge(wide, on="agent")
    design = sm.add_constant((answers["message"] == "lunch").astype(float))
    groups = pd.factorize(answers["message.cluster"])[0]
    fit = sm.OLS(answers["expected"], design).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert table.loc[0, "effect"] == pytest.approx(fit.params["message"])
    assert (table.loc[0, "low"], table.loc[0, "high"]) == pytest.approx(tuple(fit.conf_int().loc["message"]))
    communities = int(table.loc[0, "units"])
    words = f"95 % intervals over {communities} communities, whose answers go together. 1 world: no interval, which needs 5."
    assert words in render_report(done)


def test_without_a_network_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "socsim: 1\nname: x\npopulation: {size: 4}\nconditions: {c: {levels: [a, b], assign: clusters}}\n"
        "schedule: [{phase: p, interaction: {kind: exposure, show: c}}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError, match=r"conditions.c.assign.*no communities"):
        load_scenario(path)
