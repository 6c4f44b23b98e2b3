"""Classical models judged on held-out steps: of rules that a run followed, the right one wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from socsim_analysis.held_out import held_out_fits
from socsim_analysis.report import write_report

from socsim import Observation, Run, Scenario, ScriptedEngine, SocialAgent, run

SCALE = [str(number) for number in range(0, 101, 2)]


class Averaging(SocialAgent):
    """Moves a third of the way to the mean of what it reads, and a little by chance."""

    declared = True

    async def act(self, observation: Observation) -> None:
        own = float(observation.own_answers[0][1]) if observation.own_answers else float(self.generator.integers(101))
        read = [float(one.text) for one in observation.seen]
        moved = own + (sum(read) / len(read) - own) / 3 + self.generator.normal() if read else own
        self.answer("share", SCALE[int(np.clip(moved / 2 + 0.5, 0, 50))])


class Following(SocialAgent):
    """Takes over the stance of a neighbour."""

    declared = True

    async def act(self, observation: Observation) -> None:
        read = [one.text for one in observation.seen]
        self.answer("stance", read[int(self.generator.integers(len(read)))] if read else ["no", "yes"][self.number % 2])


def scenario(item: dict[str, Any], baselines: list[str], name: str, replicates: int = 5) -> Scenario:
    talk = {"phase": "talk", "repeat": 8, "interaction": {"kind": "neighbours", "see": "answers"},
            "remember": ["own_last_answer"], "ask": [name]}  # fmt: skip
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "held_out",
            "replicates": replicates,
            "population": {"size": 24},
            "network": {"graph": {"watts_strogatz": {"k": 4, "p": 0.2}}},
            "items": {
                name: {"type": "ordinal", "text": "How much?", "readout": {"labels": ["digits"], "orders": "fixed"}, **item}
            },
            "schedule": [talk],
            "baselines": baselines,
        }
    )


@pytest.fixture(scope="module")
def averaged(tmp_path_factory: pytest.TempPathFactory) -> Run:
    item = {"options": SCALE, "values": [int(one) for one in SCALE]}
    spec = scenario(item, ["degroot", "hegselmann_krause"], "share")
    return run(spec, engine=ScriptedEngine(), agent_class=Averaging, out=tmp_path_factory.mktemp("averaged") / "run")


def test_the_rule_that_people_followed_is_found_with_its_weight(averaged: Run) -> None:
    fits = held_out_fits(averaged)
    assert {(one.subject, one.kind) for one in fits} == {("share", "opinions")}
    assert {one.fit.model for one in fits} == {"no_change", "degroot", "bounded_confidence"}
    weights = [one.fit.parameters["w"].value for one in fits if one.fit.model == "degroot"]
    assert len(weights) == 5
    assert np.mean(weights) == pytest.approx(1 / 3, abs=0.05)
    for replicate in range(5):
        scores = {one.fit.model: one.fit.held_out for one in fits if one.replicate == replicate}
        assert scores["degroot"] < scores["no_change"]


def test_the_page_says_which_models_predict_better(averaged: Run) -> None:
    page = write_report(averaged).read_text(encoding="utf-8")
    assert "these predict held-out steps better than “no change” (95 % interval over worlds): DeGroot, Hegselmann" in page


def test_voters_are_told_from_chance(tmp_path: Path) -> None:
    spec = scenario({"type": "nominal", "options": ["no", "yes"], "values": [0, 1]}, ["voter"], "stance", replicates=2)
    done = run(spec, engine=ScriptedEngine(), agent_class=Following, out=tmp_path / "run")
    fits = [one for one in held_out_fits(done) if one.kind == "stances"]
    assert {one.fit.model for one in fits} == {"constant", "voter", "noisy_voter"}
    assert all(one.fit.parameters["noise"].low < 0.15 for one in fits if one.fit.model == "noisy_voter")


def test_adoptions_are_fitted_by_thresholds(tmp_path: Path) -> None:
    spec = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "spreading",
            "population": {"size": 20},
            "network": {"graph": {"ring": {}}},
            "schedule": [{"phase": "spread", "repeat": 6,
                          "interaction": {"kind": "adoption", "options": {"what": "the app", "seeds": {"count": 2}}}}],
            "baselines": ["linear_threshold"],
        }
    )  # fmt: skip
    done = run(spec, engine=ScriptedEngine(), out=tmp_path / "run")
    assert {one.fit.model for one in held_out_fits(done)} == {"constant", "thresholds", "complex_contagion"}


def test_nothing_is_fitted_that_was_not_asked_for(tmp_path: Path) -> None:
    item = {"options": SCALE, "values": [int(one) for one in SCALE]}
    done = run(scenario(item, [], "share", 1), engine=ScriptedEngine(), agent_class=Averaging, out=tmp_path / "run")
    assert held_out_fits(done) == []
    assert "heldout" not in write_report(done).read_text(encoding="utf-8")
