"""What a run writes down of its use of the engine: figures of the client, money, notes; and that the report shows them."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from socsim_analysis.report import render_report

from socsim import Request, Scenario, ScriptedEngine, resume, run
from socsim.errors import Unavailable
from socsim.events import ProgressSnapshot
from socsim.inference.types import Completion

Make = Callable[..., Scenario]

PRICED = {"engine": "scripted", "prices": {"input": 3.0, "output": 12.0}, "limits": {"attempts": 3}}
HOSTILE = "<img src=x onerror=alert(1)>"


class NotingEngine(ScriptedEngine):
    """Notes something with every text, and more with some."""

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        found = await super().generate(request, seed=seed)
        if request.kind == "score":
            return found
        return replace(found, notes=("control strings made visible: 1", *([HOSTILE] if seed % 2 else [])))


def failing_once(request: Request, seed: int, attempt: int) -> BaseException | None:
    return Unavailable("away") if request.kind == "text" and attempt == 1 and seed % 3 == 0 else None


def section(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}">(.*?)</section>', page, flags=re.S)
    assert found, name
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1])))


def test_the_figures_of_the_client_are_those_of_the_calls(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(inference=PRICED), out=tmp_path / "run", engine=ScriptedEngine(latency=0.001, failure=failing_once))
    figures, calls = done.manifest["statistics"], done.calls
    assert figures["calls"] == len(calls)
    assert figures["attempts"] == calls["attempts"].sum()
    assert figures["retries"] == (calls["attempts"] - 1).sum() > 0
    assert figures["completion_tokens"] == calls["completion_tokens"].sum() > 0
    assert (figures["in_flight"], figures["queued"], figures["failures_by_kind"]) == (0, 0, {})
    assert 0.001 <= figures["e2el"]["p50"] <= figures["e2el"]["p90"] <= figures["e2el"]["p99"]
    assert figures["request_throughput"] > 0.0


def test_money_is_that_of_the_tokens_in_the_record_also_after_it_was_resumed(make_debate: Make, tmp_path: Path) -> None:
    capped = make_debate(inference={**PRICED, "budget": {"calls": 9}})
    before = run(capped, out=tmp_path / "run", engine=ScriptedEngine()).manifest["usd"]
    done = resume(tmp_path / "run", engine=ScriptedEngine(), budget={"calls": 10_000})
    calls = done.calls
    spent = (3.0 * calls["prompt_tokens"].sum() + 12.0 * calls["completion_tokens"].sum()) / 1e6
    assert done.manifest["usd"] == pytest.approx(spent)
    assert 0.0 < before < spent


def test_money_is_not_known_without_a_price(make_debate: Make, tmp_path: Path) -> None:
    unheard = make_debate(inference={"engine": "openai", "model": "unheard-of", "key": "NO_SUCH_KEY"})
    done = run(unheard, out=tmp_path / "run", engine=ScriptedEngine())
    assert done.manifest["usd"] is None


class Watching:
    """Keeps what a run shows of itself."""

    def __init__(self) -> None:
        self.seen: list[ProgressSnapshot] = []

    def start(self, title: str, events_total: int) -> None:
        """Nothing to keep."""

    def update(self, snapshot: ProgressSnapshot) -> None:
        self.seen.append(snapshot)

    def note(self, message: str) -> None:
        """Nothing to keep."""

    def finish(self, snapshot: ProgressSnapshot) -> None:
        self.seen.append(snapshot)


def test_progress_shows_what_is_in_flight_and_waits_and_was_tried_again(make_debate: Make, tmp_path: Path) -> None:
    watching = Watching()
    engine = ScriptedEngine(latency=0.005, failure=failing_once, parallel=2)
    done = run(make_debate(inference=PRICED), out=tmp_path / "run", engine=engine, progress=watching)
    assert max(one.in_flight for one in watching.seen) > 0
    assert max(one.queued for one in watching.seen) > 0
    last = watching.seen[-1]
    assert (last.in_flight, last.queued, last.retries) == (0, 0, done.manifest["statistics"]["retries"])


def test_the_report_shows_figures_money_and_notes(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(inference=PRICED), out=tmp_path / "run", engine=NotingEngine(latency=0.001, failure=failing_once))
    page = render_report(done)
    figures = done.manifest["statistics"]
    use = section(page, "forecast")
    assert f"{figures['request_throughput']:,.2f} calls per second" in use
    assert f"further attempts after trouble {figures['retries']}" in use
    noted = Counter(note for listed in done.calls["notes"].dropna() for note in listed)
    how = section(page, "run")
    assert f"US dollars {done.manifest['usd']:,.4f}" in how
    assert noted[HOSTILE] > 0
    assert set(noted) == {"control strings made visible: 1", HOSTILE}
    for note, number in noted.items():
        assert f"{note} {number} " in how
    assert HOSTILE not in page
