"""Reading calls: the same from a short and a long record, whole or page by page."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from recorded_calls import draw, put, reply, request

from socsim.inference.types import Completion, TokenPiece
from socsim.record import reading, segments
from socsim.record.store import RecordStore

CALLS = 1500


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("record") / "record.sqlite"
    with RecordStore.create(place, {}) as store:
        for number in range(CALLS):
            put(store, number)
    return place


@pytest.mark.parametrize("whole", [100_000, 10], ids=["short", "long"])
def test_every_call_is_found_in_any_order_and_again(path: Path, whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_WHOLE", whole)
    numbers = list(range(CALLS))
    random.Random(1).shuffle(numbers)
    with RecordStore.open(path, read_only=True) as store:
        for number in numbers + numbers[:50]:
            assert store.get(request(number).digest(), draw(number).text()) == reply(number)
        assert store.get(request(0).digest(), draw(1).text()) is None
        assert store.get(request(CALLS).digest(), draw(CALLS).text()) is None


@pytest.mark.parametrize("whole", [100_000, 10], ids=["short", "long"])
def test_many_are_looked_up_together(path: Path, whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_WHOLE", whole)
    numbers = [7, CALLS + 1, 3, 1400, 7, 0]
    keys = [(request(number).digest(), draw(number).text()) for number in numbers]
    with RecordStore.open(path, read_only=True) as store:
        expected = [reply(number) if number < CALLS else None for number in numbers]
        assert store.lookup(keys) == expected
        assert store.lookup(keys) == expected


def test_a_reply_that_was_forgotten_is_read_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_OUTCOMES", 4)
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        for number in range(50):
            put(store, number)
        assert store.get(request(0).digest(), draw(0).text()) == reply(0)
        assert not store.put_pending(next(store.whole_calls()))
        assert len(list(store.calls())) == 50


def test_pages_hold_every_call_once_sorted_or_in_the_order_of_recording(path: Path) -> None:
    with RecordStore.open(path, read_only=True) as store:
        keys = [(row.digest, row.draw) for row in store.calls()]
        assert len(set(keys)) == CALLS
        assert keys == sorted(keys)
        assert [call.request for call in store.whole_calls(by_time=True)] == [request(number) for number in range(CALLS)]


def test_tokens_of_many_prompts_are_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_WHOLE", 10)
    pieces = [(TokenPiece("<s>", (1,), True), TokenPiece(f"Question {n}?", (7, 70_000 + n))) for n in range(300)]
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        for number, parts in enumerate(pieces):
            asked = request(number)
            outcome = reply(number).__class__(f"Reply {number}.", pieces=parts)
            store.put_call(asked, asked.digest(), None, outcome, 1)
    with RecordStore.open(tmp_path / "record.sqlite", read_only=True) as store:
        for number in random.Random(2).sample(range(300), 300):
            assert store.load_pieces(request(number).digest()) == pieces[number]


def test_a_part_whose_number_was_forgotten_is_stored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_TEXTS", 2)
    monkeypatch.setattr(segments, "_PIECES", 2)
    personas = [f"You are {age} years old.\n" for age in range(6)]
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        for number in range(60):
            asked = request(number, personas[number % 6])
            parts = (TokenPiece(personas[number % 6], (number % 6,)),)
            store.put_call(asked, asked.digest(), None, Completion("x", pieces=parts), 1)
        assert store.query("SELECT COUNT(*) FROM texts") == [(6 + 60 + 1,)]
        assert store.query("SELECT COUNT(*) FROM pieces") == [(6,)]
    with RecordStore.open(tmp_path / "record.sqlite", read_only=True) as store:
        for number in range(60):
            asked = request(number, personas[number % 6])
            assert store.load_request(asked.digest()) == asked
            assert store.load_pieces(asked.digest()) == (TokenPiece(personas[number % 6], (number % 6,)),)
