"""What is found at an address when a run begins is written down, and compared when it goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from socsim import ScriptedEngine, resume, run
from socsim.errors import InferenceError, RateLimited, RecordError, Rejected, TimedOut, Unavailable
from socsim.inference.fingerprint import changes, take_fingerprint
from socsim.inference.retrying import Backoff
from socsim.record.manifest import read_manifest
from socsim.scenario.engines import LimitsSpec


class Served(ScriptedEngine):
    """A scripted engine with an address of its own."""

    def __init__(self, stops_after: int = 10**9, **found: str) -> None:
        super().__init__(failure=self._stop)
        self.found = found
        self.stops_after = stops_after

    def _stop(self, request: object, seed: int, attempt: int) -> BaseException | None:
        return ZeroDivisionError("stopped") if self.calls > self.stops_after else None

    async def fingerprint(self) -> dict[str, str]:
        return self.found


def test_differences_of_models_are_apart_from_all_others() -> None:
    old, new = {"models": "a", "version": "1", "probe": "x"}, {"models": "b", "version": "1"}
    assert changes(old, old) == ([], [])
    assert changes(old, new) == (["models was 'a' and is 'b'"], ["probe was 'x' and is ''"])


def begun(folder: Path, make_debate: Any) -> None:
    with pytest.raises(ZeroDivisionError, match="stopped"):
        run(make_debate(), out=folder, engine=Served(stops_after=3, models="a", version="1"))


def test_what_was_found_stands_in_the_manifest_and_an_equal_server_goes_on(tmp_path: Path, make_debate: Any) -> None:
    begun(tmp_path / "run", make_debate)
    assert read_manifest(tmp_path / "run")["fingerprint"] == {"models": "a", "version": "1"}
    done = resume(tmp_path / "run", engine=Served(models="a", version="1"))
    assert done.status == "complete"
    assert "fingerprint_changes" not in done.manifest


def test_another_model_is_refused_before_anything_is_asked(tmp_path: Path, make_debate: Any) -> None:
    begun(tmp_path / "run", make_debate)
    other = Served(models="b", version="1")
    with pytest.raises(RecordError, match=r"models was 'a' and is 'b'.*must not be mixed"):
        resume(tmp_path / "run", engine=other)
    assert other.calls == 0


def test_another_version_is_said_and_written_down(tmp_path: Path, make_debate: Any) -> None:
    begun(tmp_path / "run", make_debate)
    done = resume(tmp_path / "run", engine=Served(models="a", version="2"))
    assert done.manifest["fingerprint_changes"] == ["version was '1' and is '2'"]


class Failing:
    """Says what it is after so many errors; never, where it hangs."""

    def __init__(self, *errors: InferenceError, hangs: bool = False) -> None:
        self.errors = list(errors)
        self.hangs = hangs
        self.asked = 0

    async def fingerprint(self) -> dict[str, str]:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.errors:
            raise self.errors.pop(0)
        return {"models": "a"}


@pytest.mark.parametrize(
    ("errors", "asked", "outcome"),
    [
        ((), 1, {"models": "a"}),
        ((Unavailable("down"), RateLimited("slow", 0.0)), 3, {"models": "a"}),
        ((Unavailable("down"), Unavailable("down"), Unavailable("still down")), 3, Unavailable),
        ((Rejected("no"),), 1, Rejected),
    ],
)
def test_a_server_that_stumbles_is_asked_again_as_often_as_a_call(errors: Any, asked: int, outcome: Any) -> None:
    engine, backoff = Failing(*errors), Backoff(base_s=0.0)
    if isinstance(outcome, dict):
        assert asyncio.run(take_fingerprint(engine, LimitsSpec(attempts=3), backoff)) == outcome
    else:
        with pytest.raises(outcome):
            asyncio.run(take_fingerprint(engine, LimitsSpec(attempts=3), backoff))
    assert engine.asked == asked


def test_a_server_that_says_nothing_is_not_waited_for_without_end() -> None:
    engine = Failing(hangs=True)
    with pytest.raises(TimedOut, match=r"within 0\.01 s"):
        asyncio.run(take_fingerprint(engine, LimitsSpec(attempts=2, timeout_s=0.01), Backoff(base_s=0.0)))
    assert engine.asked == 2
