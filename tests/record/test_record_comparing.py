"""Two records are compared call by call, by request and draw key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from socsim import Scenario, ScriptedEngine, run
from socsim.cli import app
from socsim.record.calls import CallRow
from socsim.record.comparing import Compared, compare_calls

TEXT = CallRow("aa", "1/0/0/say/0", "text", "ok", "Hello.", "stop", (), 10, 0, 3, 0.1, 1, "")
SCORE = CallRow("bb", "", "score", "ok", "", "scored", (-0.5, -1.5, float("-inf")), 10, 0, 0, 0.1, 1, "")
FAILED = TEXT._replace(digest="cc", status="failed", text="", failure="timed_out: late")


def test_equal_calls_are_equal_whatever_their_telemetry() -> None:
    slower = [call._replace(elapsed_s=9.0, cached_tokens=7, attempts=2) for call in (TEXT, SCORE, FAILED)]
    found = compare_calls([TEXT, SCORE, FAILED], slower)
    assert (found.texts, found.scores) == (Compared(2, 2), Compared(1, 1))
    assert (found.largest_difference, found.only_first, found.only_second) == (0.0, 0, 0)
    assert found.total.share == 1.0


def test_calls_of_only_one_record_are_counted_apart() -> None:
    other_draw = TEXT._replace(draw="1/0/0/say/1")
    found = compare_calls([TEXT, SCORE], [other_draw, FAILED, SCORE])
    assert (found.total, found.only_first, found.only_second) == (Compared(1, 1), 1, 2)


@pytest.mark.parametrize(("difference", "equal"), [(5e-7, 1), (2e-6, 0), (0.25, 0)])
def test_scores_are_equal_to_within_a_millionth_and_the_largest_difference_is_told(difference: float, equal: int) -> None:
    found = compare_calls([SCORE], [SCORE._replace(logprobs=(-0.5, -1.5 + difference, float("-inf")))])
    assert found.scores == Compared(1, equal)
    assert found.largest_difference == pytest.approx(difference, rel=1e-6)


def test_an_option_that_only_one_of_them_rules_out_is_infinitely_far() -> None:
    found = compare_calls([SCORE], [SCORE._replace(logprobs=(-0.5, -1.5, -30.0))])
    assert (found.scores.equal, found.largest_difference) == (0, float("inf"))


def test_a_failure_is_no_equal_reply_and_no_difference_in_numbers() -> None:
    failed = SCORE._replace(status="failed", logprobs=(), failure="timed_out: late")
    found = compare_calls([TEXT, SCORE], [TEXT._replace(text="Hello!"), failed])
    assert (found.texts, found.scores, found.largest_difference) == (Compared(1, 0), Compared(1, 0), 0.0)


def test_records_with_nothing_in_common_have_no_share() -> None:
    assert compare_calls([TEXT], [SCORE]).total.share is None
    assert compare_calls([], []).total == Compared(0, 0)


def test_the_command_prints_shares_and_counts(
    make_debate: Callable[..., Scenario], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = make_debate(arms=["alone"])
    run(spec, out=tmp_path / "a", engine=ScriptedEngine())
    run(spec, out=tmp_path / "b", engine=ScriptedEngine(lambda request, seed: "Yes." if seed % 2 else "No."))
    same = CliRunner().invoke(app, ["record", "compare", "a", "a"])
    assert same.exit_code == 0
    assert "equal texts                              24 of 24 (100.0%)" in same.output
    other = CliRunner().invoke(app, ["record", "compare", "a", "b"])
    assert "equal texts                              0 of " in other.output
    assert "calls only in b" in other.output


def test_a_folder_without_a_record_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["record", "compare", str(tmp_path), str(tmp_path)])
    assert done.exit_code == 1
    assert "there is no record here" in done.output
