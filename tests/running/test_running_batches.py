"""A run through a provider's batch endpoint: one job per wait, and after a kill nothing is sent or paid for twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from socsim import replay, resume, run
from socsim.errors import ScenarioError
from socsim.inference import provider_batch
from socsim.record.store import RecordStore
from socsim.scenario.dumping import dump_scenario
from tests.inference.test_inference_http_batches import Provider

SCRIPT = """
import sys
from socsim import run
from socsim.inference import provider_batch
provider_batch._QUIET_S = 0.05
run(sys.argv[1], out=sys.argv[2])
"""


class Slow(Provider):
    """A provider whose jobs end when it is told so, and that answers with a label where one is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.status = "in_progress"

    def finish(self) -> None:
        self.status = "completed"
        for job in self.jobs:
            job["status"] = "completed"

    def asked(self) -> Counter[bytes]:
        """How often each request was sent, by its content."""
        lines = [line for job in self.jobs for line in self.files[job["input_file_id"]].splitlines()]
        return Counter(orjson.dumps(orjson.loads(line)["body"]) for line in lines)


@pytest.fixture
def provider() -> Iterator[Slow]:
    one = Slow()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def serve() -> None:
        runner = web.AppRunner(one.application(), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        one.address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"  # type: ignore[attr-defined]
        ready.set()
        while not one.ended.is_set():  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        await runner.cleanup()

    one.ended = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    yield one
    one.ended.set()  # type: ignore[attr-defined]
    thread.join()
    loop.close()


def scenario(make_debate: Any, address: str) -> Any:
    inference = {"engine": "openai", "model": "m", "base_url": address, "batch": {"poll_s": 0.02}}
    phases = [{"phase": "talk", "repeat": 2, "say": {"max_tokens": 12, "topic": "taxes"}}]
    return make_debate(schedule=phases, arms=["treatment"], items={}, inference=inference)


def test_every_step_is_one_job_and_the_run_replays(provider: Any, tmp_path: Path, make_debate: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(provider_batch, "_QUIET_S", 0.05)
    provider.finish()
    done = run(scenario(make_debate, provider.address), out=tmp_path / "run")
    assert done.status == "complete"
    assert [len(provider.files[job["input_file_id"]].splitlines()) for job in provider.jobs] == [8, 8]
    with RecordStore.open(tmp_path / "run" / "record.sqlite", read_only=True) as record:
        assert record.open_batches() == []
        assert record.totals()["calls"] == 16
    assert replay(tmp_path / "run").verified


def test_a_killed_run_takes_up_its_job_and_sends_nothing_twice(
    provider: Any, tmp_path: Path, make_debate: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(provider_batch, "_QUIET_S", 0.05)
    path = tmp_path / "s.yaml"
    path.write_text(dump_scenario(scenario(make_debate, provider.address)), encoding="utf-8")
    command = [sys.executable, "-c", SCRIPT, str(path), str(tmp_path / "run")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(2):  # killed while its job goes on, and again while it waits for the job of the killed process
        process = subprocess.Popen(command, env=environment)
        limit = time.monotonic() + 60
        while not provider.jobs and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        command[2] = "import sys; from socsim import resume; resume(sys.argv[2])"
    assert len(provider.jobs) == 1, process.returncode
    provider.finish()
    done = resume(tmp_path / "run")
    assert done.status == "complete"
    assert len(provider.jobs) == 2
    asked = provider.asked()
    assert (len(asked), set(asked.values())) == (16, {1})


def test_an_engine_without_a_batch_endpoint_is_refused_by_field(tmp_path: Path, make_debate: Any) -> None:
    spec = scenario(make_debate, "http://127.0.0.1:9/v1")
    local = spec.inference.model_copy(update={"endpoint": type(spec.inference).model_validate(
        {"engine": "openai", "endpoint": {"kind": "vllm"}}).endpoint})  # fmt: skip
    with pytest.raises(ScenarioError, match=r"inference\.batch"):
        run(spec.model_copy(update={"inference": local}), out=tmp_path / "run")
