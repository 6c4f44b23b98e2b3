"""What is said where there is no Ray, or what cannot go to a cluster; none of it needs Ray."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from socsim import Scenario, ScenarioError, ScriptedEngine, resume, run
from socsim.cli import app
from socsim.errors import ClusterError
from socsim.inference.types import EngineIdentity
from socsim.scenario import dump_scenario

Make = Callable[..., Scenario]


@pytest.fixture
def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)


@pytest.mark.usefixtures("without_ray")
def test_without_ray_the_extra_is_named(make_debate: Make, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"pip install 'socsim-llm\[ray\]'"):
        run(make_debate(), out=tmp_path / "run", on="ray")
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("without_ray")
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_on_the_command_line_too(command: str, make_debate: Make, tmp_path: Path) -> None:
    (tmp_path / "poll.yaml").write_text(dump_scenario(make_debate(sweep={"vary": {"phases.talk.repeat": [1, 2]}})))
    for on, words in (("ray", "socsim-llm[ray]"), ("slurm", "no place 'slurm'")):
        done = CliRunner().invoke(app, [command, str(tmp_path / "poll.yaml"), "--on", on, "--out", str(tmp_path / "run")])
        assert (done.exit_code, words in done.output) == (1, True)
    done = CliRunner().invoke(app, [command, str(tmp_path / "poll.yaml"), "--engines", "2"])
    assert done.exit_code == 2
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("without_ray")
def test_a_run_from_here_is_not_gone_on_with_where_there_is_no_ray(make_debate: Make, tmp_path: Path) -> None:
    broken = ScriptedEngine(failure=lambda *_: OSError("broken"))
    with pytest.raises(OSError, match="broken"):
        run(make_debate(), out=tmp_path / "run", engine=broken)
    with pytest.raises(ClusterError, match="extra"):
        resume(tmp_path / "run", on="ray")
    assert resume(tmp_path / "run").status == "complete"
    with pytest.raises(ClusterError, match="in this process"):
        resume(tmp_path / "run", retry_failures=True, on="ray")


def test_an_engine_that_was_made_here_stays_here(make_debate: Make, tmp_path: Path) -> None:
    class Real(ScriptedEngine):
        @property
        def identity(self) -> EngineIdentity:
            return EngineIdentity("embedded", "some model")

    with pytest.raises(ClusterError, match="Name it in the scenario"):
        run(make_debate(), out=tmp_path / "run", engine=Real(), on="ray")


def test_a_providers_jobs_are_refused_before_anything_is_started(make_debate: Make, tmp_path: Path) -> None:
    batches = make_debate(inference={"engine": "openai", "model": "gpt-4o-mini", "batch": {}})
    with pytest.raises(ScenarioError, match=r"inference\.batch"):
        run(batches, out=tmp_path / "run", on="ray")
