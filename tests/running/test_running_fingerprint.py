"""What is found at an address when a run begins is written down, and compared when it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from socsim import ScriptedEngine, resume, run
from socsim.errors import RecordError
from socsim.inference.fingerprint import changes
from socsim.record.manifest import read_manifest


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
