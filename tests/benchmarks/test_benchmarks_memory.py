"""The memory benchmark queues what it says, described late, and answers the most urgent first."""

from __future__ import annotations

import json

import pytest

from benchmarks.memory import describe, main, queued


def test_no_two_queued_calls_have_the_same_prompt_or_priority() -> None:
    backlog = queued(500)
    popped = [backlog.pop() for _ in range(500)]
    priorities = [priority for _, priority, _ in popped]
    assert priorities == sorted(set(priorities))
    assert [number for number, _, _ in popped] != list(range(500))
    asked = [make() for _, _, make in popped]
    assert len({request.digest() for request, _ in asked}) == 500
    assert {draw.agent for _, draw in asked if draw} == set(range(500))
    assert asked[0] == describe(popped[0][0], 500)


def test_the_figures_are_of_a_process_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--queued", "60000", "--answered", "100"])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["queued"], result["answered"]) == (60_000, 100)
    assert 0 < result["left"] < 60_000 - 100 + 1
    assert 50 < result["bytes_per_waiting_call"] < 1000
    assert result["rss_mb_of_libraries"] < result["peak_rss_mb_while_queueing"] <= result["peak_rss_mb"]
