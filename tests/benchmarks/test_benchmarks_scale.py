"""The measurement of large populations, on small ones."""

from __future__ import annotations

import json

import pytest

from benchmarks import scale


def test_arrays_are_built_stepped_and_logged() -> None:
    found = scale.in_arrays(200, 2000, 3)
    assert found["directed_ties"] == 2000
    assert found["log_whole"]
    assert 0 < found["step_s"] <= found["step_s_max"]


def test_a_recorded_run_answers_everybody() -> None:
    found = scale.recorded(20, 2)
    assert (found["calls"], found["status"]) == (40, "complete")
    assert found["agent_steps_per_s"] > 0


def test_two_react_to_each_other_and_nobody_else() -> None:
    found = scale.reacting(30, 3)
    assert (found["agents"], found["acting"]) == (30, 2)
    assert 0 < found["step_s"] <= found["step_s_max"]


def test_the_last_line_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    scale.main(["--agents=100", "--ties=400", "--steps=2"])
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["agents"] == 100
    assert last["directed_ties"] == 400
