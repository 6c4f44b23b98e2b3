"""Runs on a Ray cluster of several nodes come to the same as here, also when a node or the driver is lost on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from socsim import Run, Scenario, ScriptedEngine, replay, resume, run
from socsim.clusters.planning import OnRay
from socsim.errors import ClusterError, RecordError
from socsim.events import ProgressSnapshot
from socsim.record.store import RecordStore
from socsim.runner import RunInterrupted
from socsim.scenario import dump_scenario

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default::ResourceWarning", "default::DeprecationWarning")]

Make = Callable[..., Scenario]
PATIENCE_S = 120.0
DRIVER = """
import sys
from socsim import ScriptedEngine, run
run(sys.argv[1], out=sys.argv[2], engine=ScriptedEngine(latency=0.2), on="ray")
"""


class Nodes:
    """A head and two more nodes, as processes of this machine. One that was removed comes back by `whole`."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self.others: list[Any] = []
        self.whole()
        ray.init(address=self.cluster.address, log_to_driver=False, logging_level="error")

    def whole(self) -> None:
        while len(self.others) < 2:
            self.others.append(self.cluster.add_node(num_cpus=1))
        self.cluster.wait_for_nodes()

    def busy(self) -> bool:
        """Whether a world is being carried out on the node that would be killed."""
        import psutil  # comes with Ray

        raylet = psutil.Process(self.others[-1].all_processes["raylet"][0].process.pid)
        with suppress(psutil.Error):
            return any("carry_out_bundle" in " ".join(child.cmdline()) for child in raylet.children(recursive=True))
        return False

    def kill_one(self) -> None:
        self.cluster.remove_node(self.others.pop(), allow_graceful=False)

    def close(self) -> None:
        ray.shutdown()
        self.cluster.shutdown()


@pytest.fixture(scope="module")
def started() -> Iterator[Nodes]:
    nodes = Nodes()
    yield nodes
    nodes.close()


@pytest.fixture
def nodes(started: Nodes) -> Nodes:
    started.whole()
    return started


class After:
    """Does something once, when a run has come so far and something holds."""

    def __init__(self, calls: int, act: Callable[[], None], when: Callable[[], bool] = lambda: True) -> None:
        self.calls, self.act, self.when, self.done = calls, act, when, False

    def start(self, title: str, events_total: int) -> None:
        pass

    def update(self, snapshot: ProgressSnapshot) -> None:
        if snapshot.calls >= self.calls and not self.done and self.when():
            self.done = True
            self.act()

    def note(self, message: str) -> None:
        pass

    def finish(self, snapshot: ProgressSnapshot) -> None:
        pass


@pytest.fixture
def scenario(make_debate: Make) -> Scenario:
    return make_debate(replicates=4, arms=["treatment", {"yoked": {"world": "other_replicate"}}])


@pytest.fixture
def here(scenario: Scenario, tmp_path: Path) -> Run:
    return run(scenario, out=tmp_path / "here", engine=ScriptedEngine())


def same(far: Run, here: Run) -> bool:
    """The same tables, from the same calls, of which none was asked twice; and the record replays."""
    counts, expected = far.manifest["counts"], here.manifest["counts"]
    return (
        far.table_hashes() == here.table_hashes() == far.manifest["tables"]
        and all(counts[name] == expected[name] for name in ("calls", "attempts", "completion_tokens", "answers", "failures"))
        and replay(far.path).verified
    )


def test_the_tables_are_those_of_a_run_here(nodes: Nodes, scenario: Scenario, here: Run, tmp_path: Path) -> None:
    far = run(scenario, out=tmp_path / "far", on="ray")
    assert same(far, here)
    assert far.status == "complete"
    cluster = far.manifest["cluster"]
    assert (cluster["kind"], cluster["nodes"], cluster["engines"]) == ("ray", 3, 0)
    assert far.manifest["execution"]["busy_s"] > 0.0


def test_a_node_that_is_killed_costs_nothing_but_time(nodes: Nodes, scenario: Scenario, here: Run, tmp_path: Path) -> None:
    killing = After(30, nodes.kill_one, nodes.busy)
    engine = ScriptedEngine(latency=0.2)
    far = run(scenario, out=tmp_path / "far", engine=engine, on="ray", progress=killing)
    assert killing.done
    assert same(far, here)


def test_a_world_that_is_lost_too_often_ends_the_run_and_nothing_else(
    nodes: Nodes, scenario: Scenario, here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socsim.clusters.on_ray._MOST_LOSSES", 0)
    with pytest.raises(ClusterError, match="could not go on"):
        run(
            scenario,
            out=tmp_path / "far",
            engine=ScriptedEngine(latency=0.2),
            on="ray",
            progress=After(30, nodes.kill_one, nodes.busy),
        )
    assert Run(tmp_path / "far").status == "failed"
    assert same(resume(tmp_path / "far", on="ray"), here)


def test_engines_are_replicas_of_which_one_may_be_lost(nodes: Nodes, scenario: Scenario, here: Run, tmp_path: Path) -> None:
    killing = After(30, nodes.kill_one, nodes.busy)
    on = OnRay(engines=3, engine_cpus=0.5, world_cpus=0.5)
    far = run(scenario, out=tmp_path / "far", engine=ScriptedEngine(latency=0.1), on=on, progress=killing)
    assert killing.done
    assert same(far, here)
    assert far.manifest["cluster"]["engines"] == 3


def test_a_run_that_was_interrupted_goes_on_where_it_was(nodes: Nodes, scenario: Scenario, here: Run, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(RunInterrupted):
        run(scenario, out=tmp_path / "far", engine=ScriptedEngine(latency=0.1), on="ray", progress=After(100, interrupt))
    stopped = Run(tmp_path / "far")
    assert stopped.status == "interrupted"
    kept = stopped.manifest["counts"]["calls"]
    assert 100 <= kept < here.manifest["counts"]["calls"]
    far = resume(tmp_path / "far", on="ray")
    assert same(far, here)
    assert far.manifest["statistics"]["calls"] == here.manifest["counts"]["calls"] - kept


@pytest.mark.parametrize("on", [None, "ray"], ids=["here", "on the cluster"])
def test_what_was_answered_outlives_the_driver(
    on: str | None, nodes: Nodes, scenario: Scenario, here: Run, tmp_path: Path
) -> None:
    (tmp_path / "poll.yaml").write_text(dump_scenario(scenario))
    folder = tmp_path / "far"
    environment = os.environ | {"RAY_ADDRESS": nodes.cluster.address}
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path / "poll.yaml"), str(folder)], env=environment)
    try:
        _wait_for(folder, 60, driver)
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    kept = _calls(folder)
    assert kept < here.manifest["counts"]["calls"]
    far = resume(folder, on=on)
    assert same(far, here)
    assert far.manifest["statistics"]["calls"] == here.manifest["counts"]["calls"] - kept


def test_replies_of_another_run_are_taken(nodes: Nodes, scenario: Scenario, here: Run, tmp_path: Path) -> None:
    far = run(scenario, out=tmp_path / "far", on="ray", reuse=here)
    counts = far.manifest["counts"]
    assert far.table_hashes() == here.table_hashes()
    assert (counts["calls"], counts["reused"], counts["attempts"]) == (here.manifest["counts"]["calls"],) * 2 + (0,)


def test_a_cap_is_one_for_the_whole_run(nodes: Nodes, make_debate: Make, here: Run, tmp_path: Path) -> None:
    arms = ["treatment", {"yoked": {"world": "other_replicate"}}]
    capped = make_debate(replicates=4, arms=arms, inference={"engine": "scripted", "budget": {"calls": 100}})
    far = run(capped, out=tmp_path / "far", on="ray")
    assert (far.status, far.manifest["counts"]["calls"]) == ("incomplete", 100)
    far = resume(far.path, budget={"calls": 10_000}, on="ray")
    assert far.table_hashes() == here.table_hashes()


def test_a_failed_answer_stops_all_worlds(nodes: Nodes, make_debate: Make, tmp_path: Path) -> None:
    strict = make_debate(failures={"then": "stop"}, replicates=2)
    far = run(strict, out=tmp_path / "far", engine=ScriptedEngine(scorer=lambda request: [0.0] * 99), on="ray")
    assert far.status == "incomplete"
    assert "failures.then: stop" in far.manifest["reason"]
    assert replay(far.path).verified


def test_an_error_of_a_world_is_the_error_of_the_run(nodes: Nodes, make_debate: Make, tmp_path: Path) -> None:
    broken = ScriptedEngine(failure=lambda *_: OSError("broken"))
    with pytest.raises(OSError, match="broken"):
        run(make_debate(), out=tmp_path / "far", engine=broken, on="ray")
    assert Run(tmp_path / "far").status == "failed"
    assert resume(tmp_path / "far", on="ray").status == "complete"


def test_engines_without_room_are_refused_before_there_is_a_folder(nodes: Nodes, make_debate: Make, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="do not fit"):
        run(make_debate(), out=tmp_path / "far", on=OnRay(engines=1, engine_gpus=1))
    assert not (tmp_path / "far").exists()


def test_a_sweep_on_the_command_line(nodes: Nodes, make_debate: Make, tmp_path: Path) -> None:
    swept = make_debate(replicates=2, sweep={"vary": {"phases.talk.interaction.at_most": [1, 2, 4]}})
    (tmp_path / "poll.yaml").write_text(dump_scenario(swept))
    program = [sys.executable, "-m", "socsim.cli", "sweep", str(tmp_path / "poll.yaml"), "--no-report", "--out"]
    environment = os.environ | {"RAY_ADDRESS": nodes.cluster.address}
    far = subprocess.run([*program, str(tmp_path / "far"), "--on", "ray"], env=environment, capture_output=True, text=True)
    assert (far.returncode, far.stderr) == (0, "")
    here = run(swept, out=tmp_path / "here", engine=ScriptedEngine())
    assert same(Run(tmp_path / "far"), here)


def _calls(folder: Path) -> int:
    with closing(RecordStore.open(folder / "record.sqlite", read_only=True)) as store:
        return store.totals()["calls"]


def _wait_for(folder: Path, calls: int, driver: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and driver.poll() is None:
        with suppress(RecordError):
            if _calls(folder) >= calls:
                return
        time.sleep(0.1)
    raise AssertionError("the driver has ended, or did not come so far")
