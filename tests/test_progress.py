"""Progress as plain lines, as a live line, and its estimate of the time left."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from socsim.events import ProgressSnapshot, RunProgress
from socsim.progress import LiveProgress, PlainProgress, QuietProgress, RateOfEvents, choose_progress, describe

HALF = ProgressSnapshot(
    events_done=50,
    events_total=100,
    step=1,
    steps_total=4,
    calls=200,
    replayed=0,
    failures=3,
    prompt_tokens=5000,
    cached_tokens=2000,
    completion_tokens=1000,
    elapsed_s=20.0,
)


def test_a_line_tells_step_calls_computed_tokens_failures_and_time_left() -> None:
    line = describe(HALF, 200.0)
    assert line == "step 2/4, 200 calls, 200 tokens/s, 3 failures, about 3 min 20 s left"


def test_calls_from_the_record_are_told_apart() -> None:
    assert "(+7 from the record)" in describe(replace(HALF, replayed=7), None)


def test_what_is_in_flight_and_waiting_is_told_while_calls_are_on_their_way() -> None:
    busy = describe(replace(HALF, in_flight=64, queued=120, retries=5), 200.0)
    assert busy == ("step 2/4, 200 calls, 200 tokens/s, 64 in flight, 120 queued, 3 failures, 5 retries, about 3 min 20 s left")
    waiting = describe(replace(HALF, queued=7), None)
    assert "in flight" not in waiting
    assert "retries" not in waiting


@pytest.mark.parametrize("terminal", [True, False])
def test_load_and_retries_reach_the_shown_line(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")  # on a dumb terminal nothing is drawn while it goes on
    out = io.StringIO()
    shown: RunProgress = LiveProgress(Console(file=out, force_terminal=True, width=200)) if terminal else PlainProgress(out)
    shown.start("debate", 100)
    shown.update(replace(HALF, in_flight=64, queued=120, retries=5))
    shown.finish(replace(HALF, events_done=100, retries=6))
    assert "64 in flight, 120 queued" in out.getvalue()
    assert "5 retries" in out.getvalue()
    assert "3 failures, 6 retries" in out.getvalue().splitlines()[-1]


def test_time_left_follows_the_recent_pace_not_the_replayed_part() -> None:
    rate = RateOfEvents(window_s=30.0)
    rate.add(replace(HALF, events_done=60, elapsed_s=0.1))
    for second in range(1, 41):
        snapshot = replace(HALF, events_done=60 + second // 4, elapsed_s=float(second))
        rate.add(snapshot)
    assert rate.left_s(snapshot) == pytest.approx(30 * 4, rel=0.15)


def test_nothing_is_estimated_before_anything_is_known() -> None:
    assert RateOfEvents().left_s(HALF) is None


def test_plain_lines_come_at_new_steps_and_every_five_seconds() -> None:
    out = io.StringIO()
    shown = PlainProgress(out)
    shown.start("debate, seed 1", 100)
    for tenth in range(100):
        shown.update(replace(HALF, step=tenth // 60, elapsed_s=tenth / 10, events_done=tenth))
    shown.finish(HALF)
    lines = out.getvalue().splitlines()
    assert lines[0] == "debate, seed 1: 100 agent-steps"
    assert [line.split(",")[0] for line in lines[1:4]] == ["  0%  step 1/4", " 50%  step 1/4", " 60%  step 2/4"]
    assert lines[-1].startswith("50 of 100 agent-steps in 20 s: ")
    assert len(lines) == 5


@pytest.mark.parametrize("terminal", [True, False])
def test_text_is_never_read_as_markup_or_control(terminal: bool) -> None:
    out = io.StringIO()
    shown: RunProgress = LiveProgress(Console(file=out, force_terminal=True, width=200)) if terminal else PlainProgress(out)
    shown.start("a[bold]b\x07", 10)
    shown.update(HALF)
    shown.note("see [red]this[/red]")
    shown.finish(HALF)
    assert "a[bold]b\\x07" in out.getvalue()
    assert "see [red]this[/red]" in out.getvalue()


def test_the_kind_of_progress_fits_the_stream() -> None:
    assert isinstance(choose_progress(stream=io.StringIO()), PlainProgress)
    assert isinstance(choose_progress(quiet=True, stream=io.StringIO()), QuietProgress)


def test_an_empty_run_is_no_trouble() -> None:
    out = io.StringIO()
    nothing = ProgressSnapshot(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0)
    for shown in (PlainProgress(out), LiveProgress(Console(file=out, force_terminal=True))):
        shown.start("nothing", 0)
        shown.update(nothing)
        shown.finish(nothing)
    assert "0 of 0" in out.getvalue()
