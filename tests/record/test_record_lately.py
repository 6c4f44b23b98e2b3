"""A dictionary that forgets: bounded, and what is used stays."""

from __future__ import annotations

from socsim.record.lately import Lately


def test_what_is_used_again_and_again_stays_while_much_else_comes() -> None:
    lately: Lately[int, str] = Lately(10)
    lately.put(-1, "kept")
    for number in range(1000):
        lately.put(number, "passing")
        assert lately.get(-1) == "kept"


def test_the_last_ones_are_there_and_no_more_than_twice_as_many() -> None:
    lately: Lately[int, int] = Lately(10)
    for number in range(1000):
        lately.put(number, number)
    known = [number for number in range(1000) if lately.get(number) is not None]
    assert set(known) >= set(range(991, 1000))
    assert len(known) <= 20


def test_clearing_forgets_everything() -> None:
    lately: Lately[str, int] = Lately(2)
    for number, key in enumerate("abc"):
        lately.put(key, number)
    lately.clear()
    assert [lately.get(key) for key in "abc"] == [None] * 3
