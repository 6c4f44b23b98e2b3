"""States are kept within their budget and never dropped while in use."""

from __future__ import annotations

import pytest

from socsim.inference.llama_kept import KeptStates


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def kept(forgotten: list[str]) -> KeptStates:
    return KeptStates(100, forgotten.append)


def test_the_longest_kept_beginning_is_found(kept: KeptStates) -> None:
    kept.add(b"a", 1, "1", 10)
    kept.add(b"abc", 3, "2", 10)
    assert kept.longest([(b"abcd", 4), (b"abc", 3), (b"a", 1)]) == (b"abc", 3)
    assert kept.longest([(b"ab", 2), (b"a", 1)]) == (b"a", 1)
    assert kept.longest([(b"b", 1)]) == (None, 0)


def test_the_one_not_used_for_longest_goes_first(kept: KeptStates, forgotten: list[str]) -> None:
    for number, key in enumerate((b"a", b"b", b"c")):
        kept.add(key, 1, str(number), 40 if number < 2 else 20)
    assert forgotten == []
    kept.touch(b"a")
    kept.add(b"d", 1, "3", 40)
    assert forgotten == ["1"]
    assert not kept.wants(b"a", 1)
    assert kept.wants(b"b", 1)


def test_a_state_in_use_is_dropped_when_it_is_given_back(kept: KeptStates, forgotten: list[str]) -> None:
    kept.add(b"a", 1, "old", 80)
    names = [kept.borrow(b"a"), kept.borrow(b"a")]
    kept.add(b"b", 1, "new", 80)
    assert (names, forgotten) == (["old", "old"], [])
    kept.give_back("old", sound=True)
    assert forgotten == []
    kept.give_back("old", sound=True)
    assert forgotten == ["old"]


def test_a_state_that_cannot_be_read_is_dropped(kept: KeptStates, forgotten: list[str]) -> None:
    kept.add(b"a", 1, "bad", 1)
    kept.give_back(kept.borrow(b"a"), sound=False)
    assert forgotten == ["bad"]
    assert kept.wants(b"a", 1)


def test_states_too_large_for_the_budget_are_not_made_again(kept: KeptStates, forgotten: list[str]) -> None:
    kept.add(b"a", 500, "large", 101)
    assert forgotten == ["large"]
    assert not kept.wants(b"b", 500)
    assert kept.wants(b"b", 499)
    assert (kept.takes(500), kept.takes(499)) == (False, True)


def test_a_second_state_of_one_beginning_is_dropped(kept: KeptStates, forgotten: list[str]) -> None:
    kept.add(b"a", 1, "first", 1)
    kept.add(b"a", 1, "second", 1)
    assert (forgotten, kept.borrow(b"a")) == (["second"], "first")


def test_giving_up_keeps_what_there_is_and_makes_no_more(kept: KeptStates, forgotten: list[str]) -> None:
    kept.add(b"a", 1, "first", 1)
    kept.give_up("failed")
    assert (kept.takes(1), kept.wants(b"b", 1), kept.longest([(b"a", 1)]), forgotten) == (False, False, (b"a", 1), ["failed"])
    kept.close()
    assert forgotten == ["failed", "first"]


def test_names_never_repeat(kept: KeptStates) -> None:
    assert len({kept.new_name() for _ in range(100)}) == 100
