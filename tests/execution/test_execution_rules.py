"""People who follow a rule beside people of a language model, in one world."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from socsim import Observation, Scenario, ScriptedEngine, SocialAgent, replay, run
from socsim.dynamics import DeGroot, neighbours_from_edges

SCALE = ["0", "25", "50", "75", "100"]


class Mixed(SocialAgent):
    """Even numbers ask the model; odd ones move halfway to the mean of what they read, as DeGroot has it."""

    declared = True

    async def act(self, observation: Observation) -> None:
        if self.number % 2 == 0:
            await self.ask("share")
            return
        own = float(observation.own_answers[0][1]) if observation.own_answers else 25.0 * (self.number % 5)
        read = [float(one.text) for one in observation.seen]
        star = neighbours_from_edges(1 + len(read), [(0, place) for place in range(1, 1 + len(read))], directed=True)
        moved = DeGroot(0.5).step(np.array([own, *read]), star, self.generator)[0]
        self.answer("share", SCALE[int(moved / 25 + 0.5)])


def world() -> Scenario:
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "mixed",
            "population": {"size": 8},
            "network": {"graph": {"ring": {}}, "place": {"by": "given"}},
            "items": {"share": {"type": "ordinal", "text": "How much?", "options": SCALE, "values": [0, 25, 50, 75, 100],
                                "readout": {"labels": ["letters"], "orders": "fixed"}}},
            "schedule": [{"phase": "talk", "repeat": 3, "interaction": {"kind": "neighbours", "see": "answers"},
                          "remember": ["own_last_answer"], "ask": ["share"]}],
        }
    )  # fmt: skip


def test_rules_act_beside_the_model_and_make_no_calls(tmp_path: Path) -> None:
    done = run(world(), engine=ScriptedEngine(), agent_class=Mixed, out=tmp_path / "run", checked=True)
    methods = done.responses.groupby(done.responses["agent"] % 2)["method"].unique()
    assert list(methods[0]) == ["logprob"]
    assert list(methods[1]) == ["scripted"]
    calls = done.events.set_index(["step", "agent"])["calls"]
    assert all((len(made) == 0) == (agent % 2 == 1) for (_, agent), made in calls.items())
    values = done.responses.pivot(index="step", columns="agent", values="value")
    for step in (1, 2):
        for agent in (1, 3, 5):
            mean = (values.loc[step - 1, agent - 1] + values.loc[step - 1, agent + 1]) / 2
            expected = 25 * int((0.5 * values.loc[step - 1, agent] + 0.5 * mean) / 25 + 0.5)
            assert values.loc[step, agent] == expected
    assert replay(tmp_path / "run", agent_class=Mixed).verified


def test_what_is_no_answer_is_refused(tmp_path: Path) -> None:
    class Wrong(SocialAgent):
        async def act(self, observation: Observation) -> None:
            self.answer("share", "much")

    with pytest.raises(ValueError, match="'much' is no answer to 'share': 0, 25, 50, 75, 100"):
        run(world(), engine=ScriptedEngine(), agent_class=Wrong, out=tmp_path / "run")
