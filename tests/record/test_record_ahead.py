"""Reading ahead: every row is given whatever the order, in few fetches where neighbours are asked for together."""

from __future__ import annotations

import random

import pytest

from socsim.record.ahead import Ahead

ROWS = 20_000


class Table:
    """A table that counts how often and how much is fetched."""

    def __init__(self) -> None:
        self.fetches = 0
        self.fetched = 0

    def fetch(self, first: int, last: int) -> list[tuple[str, int]]:
        """The rows from ``first`` to ``last``; every seventh number has none."""
        found = [(f"row {number}", number) for number in range(first, min(last + 1, ROWS)) if number % 7]
        self.fetches += 1
        self.fetched += len(found)
        return found


@pytest.mark.parametrize("order", ["ascending", "shuffled nearby", "shuffled"])
def test_every_row_is_given_once_and_again(order: str) -> None:
    table = Table()
    ahead = Ahead(table.fetch)
    numbers = list(range(ROWS))
    if order == "shuffled":
        random.Random(1).shuffle(numbers)
    if order == "shuffled nearby":
        numbers.sort(key=lambda number: number + random.Random(number).randrange(500))
    for number in numbers:
        assert ahead.take(number) == ((f"row {number}", number) if number % 7 else None)
    assert ahead.take(8) == ("row 8", 8)


def test_rows_near_each_other_come_in_few_fetches() -> None:
    table = Table()
    ahead = Ahead(table.fetch)
    for number in range(1, ROWS):
        if number % 7:
            ahead.take(number)
    assert table.fetches < ROWS / 200


def test_little_is_read_in_vain_where_rows_are_far_from_each_other() -> None:
    table = Table()
    ahead = Ahead(table.fetch)
    numbers = [number for number in range(1, ROWS, 400) if number % 7] * 40
    for number in numbers:
        ahead.take(number)
    late = table.fetched
    for number in numbers:
        ahead.take(number)
    assert table.fetched - late < 5 * len(numbers)


def test_rows_read_before_are_not_fetched() -> None:
    table = Table()
    ahead = Ahead(table.fetch)
    ahead.hold([("given", 3)])
    assert ahead.take(3) == ("given", 3)
    assert table.fetches == 0
