"""Pruning: what no event refers to goes, with all that only it used; what is left is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_calls import draw, event, put, reply, request

from socsim.inference.types import Completion, Request, Segment, TokenPiece
from socsim.record.checking import check_record
from socsim.record.pruning import prune_record, record_bytes
from socsim.record.store import RecordStore

SCORE = Request("score", (Segment("user", "Agree? "),), candidates=(" yes", " no"), model="m")
SCORED = Completion("", "scored", (-0.5, -1.5), ((5,), (6,)))


def tokens(number: int) -> Completion:
    text = f"Question {number}? " * 50
    return Completion(f"Reply {number}.", pieces=(TokenPiece("<s>", (1,), True), TokenPiece(text, tuple(range(400)))))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Fifty calls, of which an event refers to the even ones, and a score without a draw."""
    file = tmp_path / "record.sqlite"
    with RecordStore.create(file, {}) as store:
        keys = [put(store, number, tokens(number)) for number in range(50)]
        store.put_call(SCORE, SCORE.digest(), None, SCORED, 1)
        store.put_rows([event(0, *keys[::2], (SCORE.digest(), ""))])
    return file


@pytest.mark.parametrize("pieces", [False, True])
def test_calls_without_an_event_go_and_the_others_stay_exactly(path: Path, pieces: bool) -> None:
    pruned = prune_record(path, pieces=pieces)
    assert pruned.calls == 25
    assert pruned.texts > 25
    assert pruned.pieces == (51 if pieces else 25)
    assert pruned.bytes_after == record_bytes(path) < pruned.bytes_before
    with RecordStore.open(path, read_only=True) as store:
        assert check_record(store) == []
        assert len(list(store.calls())) == 26
        assert store.get(SCORE.digest()) == SCORED
        for number in range(0, 50, 2):
            found = store.get(request(number).digest(), draw(number).text())
            expected = tokens(number)
            assert isinstance(found, Completion)
            assert found.text == expected.text
            assert found.pieces == (() if pieces else expected.pieces)
            assert store.load_request(request(number).digest()) == request(number)


def test_pruning_again_finds_nothing(path: Path) -> None:
    prune_record(path, pieces=True)
    again = prune_record(path, pieces=True)
    assert (again.calls, again.texts, again.pieces) == (0, 0, 0)


def test_a_pruned_record_takes_calls_as_before(path: Path) -> None:
    prune_record(path)
    with RecordStore.open(path) as store:
        put(store, 99)
        put(store, 1)
    with RecordStore.open(path, read_only=True) as store:
        assert store.get(request(1).digest(), draw(1).text()) == reply(1)
        assert check_record(store) == []
