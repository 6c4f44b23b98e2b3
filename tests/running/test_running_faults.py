"""A server of whose replies a third are faults: the run ends all the same, and every call is accounted for exactly once.

What was asked and what was answered is counted by the server, not by us.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from processes import done, killed, socsim, wait_until

from benchmarks.inference_overhead import Target, write_scenario
from benchmarks.mock_faults import COMMON
from benchmarks.mock_replies import answer_chat
from benchmarks.mock_server import Faults, MockServer
from socsim import Run, replay
from socsim.inference.types import CallFailure, Completion, FailureKind, Request
from socsim.record.store import RecordStore
from socsim.record.writer import BATCH, DELAY_S

ATTEMPTS = 3
IN_FLIGHT = 32
FAULTS = Faults(0.3, tuple(COMMON), seed=3, hang_s=3.0)
Prompt = tuple[tuple[str, str], ...]
"""Role and text of each chat message. No two calls of these runs have equal prompts, so it names a call on both sides."""


@dataclass(frozen=True)
class Counted:
    """What the server counted of one call."""

    requests: int
    acknowledged: int
    body: bytes


@dataclass(frozen=True)
class Recorded:
    """What the record has of one call."""

    draw: str
    outcome: Completion | CallFailure
    attempts: int


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(faults=FAULTS, keep=True) as server:
        yield server


def world(folder: Path, server: MockServer, agents: int, steps: int) -> Path:
    """The scenario of the overhead benchmark with short patience; tolerant, so that the end of the run is judged complete."""
    path = write_scenario(folder, Target(server.base_url), agents, steps, IN_FLIGHT)
    spec = json.loads(path.read_text())
    spec["inference"]["limits"] |= {"timeout_s": 0.5, "attempts": ATTEMPTS, "adapt": False}
    spec["failures"] = {"complete_below": 0.15}
    path.write_text(json.dumps(spec))
    return path


def prompt_of(request: Request) -> Prompt:
    messages: list[tuple[str, str]] = []
    for segment in request.segments:
        if messages and messages[-1][0] == segment.role:
            messages[-1] = (segment.role, messages[-1][1] + segment.text)
        else:
            messages.append((segment.role, segment.text))
    return tuple(messages)


def counted(server: MockServer) -> dict[Prompt, Counted]:
    """The server's side, without the fixed question by which a run finds out what the server is."""
    found: dict[Prompt, Counted] = {}
    for one in server.kept():
        messages = orjson.loads(one.body)["messages"]
        if messages[0]["role"] == "system":
            prompt = tuple((message["role"], message["content"]) for message in messages)
            assert prompt not in found, "one call was sent in two forms"
            found[prompt] = Counted(one.requests, one.acknowledged, one.body)
    return found


def recorded(folder: Path) -> dict[Prompt, Recorded]:
    """Our side, read from the record alone, also while it is being written."""
    found: dict[Prompt, Recorded] = {}
    with closing(RecordStore.open(folder / "record.sqlite", read_only=True)) as store:
        for call in store.whole_calls():
            prompt = prompt_of(call.request)
            assert prompt not in found, "one call was recorded twice"
            found[prompt] = Recorded(call.draw, call.outcome, call.attempts)
    return found


def check_accounts(folder: Path, server: MockServer, agents: int, steps: int, *, undisturbed: bool = True) -> None:
    """Every event has one call, every call one outcome, every outcome a ground at the server, and no call too many attempts."""
    run, theirs, ours = Run(folder), counted(server), recorded(folder)
    assert run.status == "complete", run.manifest["reason"]
    assert len(ours) == agents * steps == run.manifest["counts"]["calls"]
    assert set(ours) == set(theirs)
    with closing(RecordStore.open(folder / "record.sqlite", read_only=True)) as store:
        events, messages = store.events(), store.rows("messages")
    assert sorted(call.draw for call in ours.values()) == sorted(draw for event in events for _, _, draw in event.calls)
    assert len(events) == len(messages) == agents * steps
    failed = [call.outcome for call in ours.values() if isinstance(call.outcome, CallFailure)]
    assert sum(message.status == "failed" for message in messages) == len(failed)
    assert failed or not undisturbed
    assert {failure.kind for failure in failed} <= set(get_args(FailureKind)) - {"rejected", "refused"}
    for prompt, call in ours.items():
        check_call(call, theirs[prompt])
        assert theirs[prompt].requests == call.attempts or not undisturbed


def check_call(call: Recorded, theirs: Counted) -> None:
    """An answer is the server's own, word for word; a failure comes after all attempts that were allowed, and no more."""
    assert call.attempts <= ATTEMPTS
    if isinstance(call.outcome, CallFailure):
        assert call.outcome.attempts == call.attempts == ATTEMPTS
        assert call.outcome.message
    else:
        assert theirs.acknowledged >= 1
        said: Any = answer_chat(orjson.loads(theirs.body), theirs.body)["choices"][0]
        assert (call.outcome.text, call.outcome.finish_reason) == (said["message"]["content"], said["finish_reason"])


def faulty_run(folder: Path, server: MockServer, agents: int, steps: int) -> None:
    code, _, errors = done(socsim("run", world(folder, server, agents, steps), "--out", folder / "run", "--quiet"), 280.0)
    assert code == 0, errors
    assert set(server.stats()["faults"]) == set(COMMON)
    check_accounts(folder / "run", server, agents, steps)


def test_every_call_to_a_failing_server_is_answered_or_a_typed_failure(tmp_path: Path, server: MockServer) -> None:
    faulty_run(tmp_path, server, agents=200, steps=2)


@pytest.mark.slow
def test_ten_thousand_calls_to_a_failing_server_are_each_answered_or_a_typed_failure(tmp_path: Path, server: MockServer) -> None:
    faulty_run(tmp_path, server, agents=1000, steps=10)


def asked(server: MockServer, count: int) -> Callable[[], bool]:
    return lambda: int(server.stats()["requests"]) >= count


def committed_more(folder: Path, count: int) -> Callable[[], bool]:
    """A kill before the first commit would show nothing."""
    return lambda: len(recorded(folder)) > count


def killed_run(tmp_path: Path, server: MockServer, agents: int, steps: int, kills: int, unseen: int = 2 * BATCH) -> None:
    """Kill the program whenever the server has counted another share of the calls, go on, and compare the counts."""
    path, folder = world(tmp_path, server, agents, steps), tmp_path / "run"
    known: list[tuple[set[Prompt], dict[Prompt, Counted]]] = []
    for kill in range(1, kills + 1):
        process = socsim("run", path, "--out", folder, "--quiet") if kill == 1 else socsim("resume", folder, "--quiet")
        share = kill * agents * steps // (kills + 1)
        wait_until(process, asked(server, share))
        wait_until(process, committed_more(folder, len(known[-1][0]) if known else 0))
        killed(process)
        known.append((set(recorded(folder)), counted(server)))
    code, _, errors = done(socsim("resume", folder, "--quiet"), 280.0)
    assert code == 0, errors
    check_accounts(folder, server, agents, steps, undisturbed=False)
    check_nothing_asked_again(folder, known, counted(server), unseen)
    assert replay(folder).verified


def check_nothing_asked_again(
    folder: Path, known: list[tuple[set[Prompt], dict[Prompt, Counted]]], end: dict[Prompt, Counted], unseen: int
) -> None:
    """What was committed was never sent again, and what was lost with a kill is bounded and told.

    ``known``: at each kill, the calls with a committed outcome, and what the server had counted until then. ``unseen``: replies
    in a kill's last moments that may have begun too late for the record to know of them.
    """
    asked_again = [
        prompt for committed_then, then in known for prompt in committed_then if end[prompt].requests != then[prompt].requests
    ]
    assert asked_again == []
    assert any(committed_then for committed_then, _ in known)
    cut_off = Counter(prompt for committed_then, then in known for prompt in set(then) - committed_then)
    assert all(one.requests <= ATTEMPTS * (1 + cut_off[prompt]) for prompt, one in end.items())
    lost = [
        sum(one.acknowledged > 0 and end[prompt].acknowledged > one.acknowledged for prompt, one in then.items())
        for committed_then, then in known
    ]
    told = Run(folder).manifest["counts"]["possibly_billed_twice"]
    assert max(lost) <= IN_FLIGHT + 2 * BATCH
    assert sum(lost) <= told + len(known) * (IN_FLIGHT + unseen)


def test_a_run_killed_twice_at_a_failing_server_asks_nothing_again_that_was_committed(tmp_path: Path, server: MockServer) -> None:
    killed_run(tmp_path, server, agents=150, steps=2, kills=2)


@pytest.mark.slow
def test_where_replies_take_longer_than_a_commit_all_that_may_be_billed_twice_is_told(tmp_path: Path, server: MockServer) -> None:
    server.reset(latency_s=3 * DELAY_S)
    killed_run(tmp_path, server, agents=240, steps=1, kills=2, unseen=0)


@pytest.mark.slow
def test_a_run_killed_ten_times_at_a_failing_server_asks_nothing_again_that_was_committed(
    tmp_path: Path, server: MockServer
) -> None:
    killed_run(tmp_path, server, agents=1000, steps=10, kills=10)
