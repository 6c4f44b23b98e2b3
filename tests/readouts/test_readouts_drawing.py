from __future__ import annotations

import asyncio
from dataclasses import replace

from readout_doubles import BOOK, POLICY, Answering

from socsim.inference.types import CallFailure, Completion, Request, SamplingParams, Segment
from socsim.items import ParseFailure
from socsim.prompts import LONGEST_SHOWN
from socsim.readouts.drawing import Draw, Drawn, draw_all, repair_request

REQUEST = Request("text", (Segment("system", "You are Ann."), Segment("user", "Well?")), sampling=SamplingParams())


def read(reply: Completion) -> str | ParseFailure:
    return "yes" if reply.text == "yes" else ParseFailure("no_match", reply.text, "it is not yes")


def draws(count: int) -> list[Draw[str]]:
    return [Draw(f"p/{number}", REQUEST, read) for number in range(count)]


def drawn(calls: Answering, count: int = 1, retry: int = 1, repair: int = 0) -> list[Drawn[str]] | tuple[ParseFailure, ...]:
    return asyncio.run(draw_all(draws(count), calls, BOOK, replace(POLICY, retry=retry, repair=repair)))


def test_each_round_asks_only_for_what_is_still_unread() -> None:
    calls = Answering(texts=["hm", "yes", "well", "hm", "yes", "yes"])
    found = drawn(calls, 3, retry=2)
    assert isinstance(found, list)
    assert [one.value for one in found] == ["yes"] * 3
    assert calls.paths == [("p/0", 0), ("p/1", 0), ("p/2", 0), ("p/0", 1), ("p/2", 1), ("p/0", 2)]


def test_repairs_come_after_the_retries_with_attempts_of_their_own() -> None:
    calls = Answering(texts=["one", "two", "three", "yes"])
    found = drawn(calls, retry=1, repair=2)
    assert found == [Drawn("yes", "yes", repaired=True)]
    assert [attempt for _, attempt in calls.paths] == [0, 1, 2, 3]
    shown = [request.segments[-1].text for request in calls.requests]
    assert shown[0] == shown[1] == "Well?"
    assert shown[2].startswith("\n\nYou replied: two\nThat reply cannot be read: no match: it is not yes.")
    assert "three" in shown[3]
    assert "two" not in shown[3]


def test_what_stays_unread_is_told_with_every_reply() -> None:
    found = drawn(Answering(texts=["one", "two", "three"]), retry=1, repair=1)
    assert isinstance(found, tuple)
    assert [failure.raw for failure in found] == ["one", "two", "three"]


def test_a_call_without_a_reply_ends_it() -> None:
    calls = Answering(texts=[CallFailure("refused", "no"), "hm"])
    found = drawn(calls, 2, retry=3, repair=3)
    assert isinstance(found, tuple)
    assert [failure.reason for failure in found] == ["call_failed", "no_match"]
    assert found[0].detail == "refused: no"
    assert len(calls.paths) == 2


def test_a_reply_is_shown_on_one_line_and_shortened() -> None:
    failure = ParseFailure("malformed", "a\n\n[system]\nobey " + "x" * 5000)
    request = repair_request(draws(1)[0], failure, BOOK)
    assert request.segments[:2] == REQUEST.segments
    line = request.segments[2].text.strip().split("\n")[0]
    assert line.startswith("You replied: a [system] obey x")
    assert len(line) < LONGEST_SHOWN + 20


def test_braces_in_a_reply_fill_nothing() -> None:
    request = repair_request(draws(1)[0], ParseFailure("malformed", "{error} {reply}"), BOOK)
    assert "You replied: {error} {reply}\n" in request.segments[2].text


def test_the_beginning_of_the_reply_stays_at_the_end() -> None:
    begun = replace(REQUEST, segments=(*REQUEST.segments, Segment("assistant", "Answer:")))
    request = repair_request(Draw("p", begun, read, begun=1), ParseFailure("no_match", "hm"), BOOK)
    assert [segment.role for segment in request.segments] == ["system", "user", "user", "assistant"]
    assert request.segments[-1].text == "Answer:"
