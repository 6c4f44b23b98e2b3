"""An estimate counts what a run then asks, without asking a model or leaving anything behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from socsim import ScriptedEngine, SocialAgent, run
from socsim.cli import app
from socsim.errors import ScenarioError
from socsim.estimating import estimate
from socsim.inference.dry import DryEngine
from socsim.inference.types import EngineIdentity, Request, SamplingParams, Segment


class Modelled(ScriptedEngine):
    """A scripted engine that passes for a model, with a tokenizer of bytes."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(token_ids=True, **arguments)

    @property
    def identity(self) -> EngineIdentity:
        return EngineIdentity("modelled", "m")


def test_calls_and_prompt_tokens_are_those_of_the_run_that_follows(tmp_path: Path, make_debate: Any) -> None:
    words = "one two three four five six seven"
    engine = Modelled(reply=lambda request, seed: f"{words} {seed % 9973}")
    expected = estimate(make_debate(), engine=engine)
    assert engine.calls == 0
    done = run(make_debate(), out=tmp_path / "run", engine=engine)
    counts = done.manifest["counts"]
    assert expected.calls == pytest.approx(counts["calls"], rel=0.1)
    assert expected.prompt_tokens.typical == pytest.approx(counts["prompt_tokens"], rel=0.1)
    assert expected.computed_tokens.low < expected.computed_tokens.typical < expected.computed_tokens.high
    assert expected.agent_steps == 64
    assert expected.unshared_calls > expected.calls
    stored = done.manifest["forecast"]
    assert (stored["calls"], stored["texts"]) == (expected.calls, expected.texts)


def test_money_follows_from_the_price_and_the_order_of_the_range(make_debate: Any) -> None:
    inference = {"engine": "openai", "model": "m", "prices": {"input": 1.0, "cached_input": 0.1, "output": 4.0}}
    found = estimate(make_debate(inference=inference))
    assert found.usd is not None
    assert 0 < found.usd.low < found.usd.typical < found.usd.high
    assert found.usd.high == pytest.approx((found.prompt_tokens.high + 4.0 * found.output_tokens.high) / 1e6, rel=0.01)
    assert found.seconds is None
    assert any("characters" in note for note in found.notes)
    unknown = estimate(make_debate(inference={"engine": "openai", "model": "unheard-of"}))
    assert unknown.usd is None
    assert any("inference.prices" in note for note in unknown.notes)


def test_a_probe_gives_time_and_the_length_of_texts(make_debate: Any) -> None:
    engine = Modelled(reply=lambda request, seed: "a b", latency=0.002)
    found = estimate(make_debate(), engine=engine)
    assert found.probe is None  # a scripted scenario needs none
    found = estimate(make_debate(inference={"engine": "embedded"}), engine=engine)
    assert found.probe is not None
    assert 0 < found.probe.calls <= 24
    assert found.seconds is not None
    assert 0 < found.seconds.low <= found.seconds.typical <= found.seconds.high


def test_a_scenario_that_stops_at_the_first_failure_is_counted_to_its_end(make_debate: Any) -> None:
    plan = {"type": "text", "text": "What would you do in 5 years?", "readout": {"method": "text", "max_tokens": 16}}
    number = {"type": "number", "text": "How many hours?", "range": [30, 40], "readout": {"method": "sample"}}
    schedule = [{"phase": "poll", "ask": ["plan", "number"], "repeat": 2}]
    stopping = make_debate(
        items={"plan": plan, "number": number}, schedule=schedule, failures={"then": "stop"}, arms=["treatment"]
    )
    found = estimate(stopping, engine=ScriptedEngine())
    assert found.agent_steps == 16
    assert found.texts >= 32


def test_people_who_act_in_their_own_way_are_not_made_to_act_for_a_forecast(tmp_path: Path, make_debate: Any) -> None:
    acted: list[int] = []

    class Counting(SocialAgent):
        async def act(self, observation: Any) -> None:
            acted.append(observation.agent)
            await super().act(observation)

    done = run(make_debate(), out=tmp_path / "run", engine=Modelled(), agent_class=Counting)
    assert len(acted) == 64
    assert "forecast" not in done.manifest


def test_what_the_engine_cannot_do_is_refused_as_in_a_run(make_debate: Any) -> None:
    able = ScriptedEngine(able={"score": False})
    with pytest.raises(ScenarioError, match=r"items\.tax\.readout\.method"):
        estimate(make_debate(), engine=able)


def test_the_command_prints_a_table_or_json(tmp_path: Path, make_debate: Any) -> None:
    from socsim.scenario.dumping import dump_scenario

    path = tmp_path / "s.yaml"
    path.write_text(dump_scenario(make_debate()), encoding="utf-8")
    found = CliRunner().invoke(app, ["estimate", str(path)])
    assert found.exit_code == 0, found.output
    assert "calls without sharing" in found.output
    values = json.loads(CliRunner().invoke(app, ["estimate", str(path), "--json", "--no-probe"]).output)
    assert values["calls"] > 0
    assert list(tmp_path.iterdir()) == [path]


def test_shared_beginnings_are_counted_to_the_end_of_a_segment() -> None:
    import asyncio

    dry = DryEngine(Modelled())

    def request(last: str) -> Request:
        return Request("text", (Segment("system", "x" * 60), Segment("user", last)), sampling=SamplingParams())

    async def main() -> None:
        for last in ("a" * 40, "b" * 40, "b" * 40):
            await dry.generate(request(last))

    asyncio.run(main())
    assert dry.counts.prompt_tokens == 300
    assert dry.counts.shared_tokens == pytest.approx(60 + 100)
    assert dry.identity.engine == "dry"
