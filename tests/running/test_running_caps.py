"""A run that reaches a cap stops cleanly as incomplete, and goes on from there when the cap is raised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from socsim import ScriptedEngine, replay, resume, run
from socsim.cli import app
from socsim.errors import ScenarioError


def capped(make_debate: Any, **inference: Any) -> Any:
    scenario = make_debate()
    changed = {"budget": {"calls": 5}, **inference}
    return type(scenario).model_validate(
        {**scenario.model_dump(exclude_unset=True), "inference": {"engine": "scripted", **changed}}
    )


def test_a_capped_run_is_incomplete_says_why_and_how_to_go_on_and_a_raised_cap_ends_it(tmp_path: Path, make_debate: Any) -> None:
    whole = run(make_debate(), out=tmp_path / "whole", engine=ScriptedEngine())
    engine = ScriptedEngine(latency=0.0)
    stopped = run(capped(make_debate), out=tmp_path / "run", engine=engine)
    manifest = stopped.manifest
    assert (stopped.status, manifest["stopped_by"], manifest["counts"]["calls"], engine.calls) == ("incomplete", "cap", 5, 5)
    assert "inference.budget.calls" in manifest["reason"]
    assert "--budget" in manifest["reason"]
    again = ScriptedEngine()
    still = resume(tmp_path / "run", engine=again, budget={"calls": 8})
    assert (still.status, again.calls) == ("incomplete", 3)
    last = ScriptedEngine()
    done = resume(tmp_path / "run", engine=last, budget={"calls": 10_000})
    assert done.status == "complete"
    assert "stopped_by" not in done.manifest
    assert 8 + last.calls == whole.manifest["counts"]["calls"]
    assert done.table_hashes() == whole.table_hashes()
    assert replay(tmp_path / "run").verified


def test_a_budget_that_is_none_is_refused_by_field(tmp_path: Path, make_debate: Any) -> None:
    run(capped(make_debate), out=tmp_path / "run", engine=ScriptedEngine())
    with pytest.raises(ScenarioError, match=r"inference\.budget\.cals"):
        resume(tmp_path / "run", engine=ScriptedEngine(), budget={"cals": 8})
    found = CliRunner().invoke(app, ["resume", str(tmp_path / "run"), "--budget", "calls"])
    assert found.exit_code == 2
    assert "usd=10" in found.output


def test_a_deadline_stops_each_process(tmp_path: Path, make_debate: Any) -> None:
    scenario = capped(make_debate, budget={}, limits={"deadline_s": 1e-9})
    stopped = run(scenario, out=tmp_path / "run", engine=ScriptedEngine())
    assert stopped.status == "incomplete"
    assert "inference.limits.deadline_s" in stopped.manifest["reason"]


def test_money_cannot_be_capped_where_no_price_is_known(tmp_path: Path, make_debate: Any) -> None:
    scenario = capped(make_debate, engine="openai", model="unheard-of", key="NO_SUCH_KEY", budget={"usd": 1})
    with pytest.raises(ScenarioError, match=r"inference\.budget\.usd"):
        run(scenario, out=tmp_path / "run", engine=ScriptedEngine())
    assert not (tmp_path / "run").exists()
