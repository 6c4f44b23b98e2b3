"""A record that was tampered with, or lacks something, is found out, and the place is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from recorded_calls import event, made, put, request

from socsim.record.checking import check_record
from socsim.record.store import RecordStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made(tmp_path / "record.sqlite", range(3))


def changed(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


def checked(path: Path, most: int = 20) -> list[str]:
    with RecordStore.open(path, read_only=True) as store:
        return check_record(store, most)


def test_a_whole_record_has_nothing_wrong(path: Path) -> None:
    assert checked(path) == []


def test_a_changed_prompt_does_not_have_its_digest_any_more(path: Path) -> None:
    changed(path, "UPDATE texts SET body = 'Question 8?' WHERE body = 'Question 1?'")
    (problem,) = checked(path)
    assert request(1).digest() in problem
    assert f"its digest is {request(8).digest()}" in problem


def test_changed_sampling_does_not_have_its_digest_any_more(path: Path) -> None:
    changed(path, "UPDATE texts SET body = replace(body, '1.0', '0.5') WHERE body LIKE '[%'")
    problems = checked(path)
    assert len(problems) == 3
    assert all("not the one that was asked" in problem for problem in problems)


@pytest.mark.parametrize("damage", [
    lambda path: changed(path, "DELETE FROM texts WHERE body = 'Question 1?'"),
    lambda path: changed(path, "UPDATE texts SET body = x'00' WHERE body = 'Question 1?'"),
    lambda path: changed(path, "UPDATE texts SET body = '{' WHERE body LIKE '[%'"),
])  # fmt: skip
def test_a_call_that_cannot_be_read_is_named(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    assert any(f"call {request(1).digest()}" in problem and "cannot be read" in problem for problem in checked(path))


def test_an_event_whose_call_is_gone_is_named(path: Path) -> None:
    changed(path, "DELETE FROM calls WHERE digest = ?", bytes.fromhex(request(2).digest()))
    (problem,) = checked(path)
    assert "step 0, agent 2: call say#0" in problem
    assert "not in the record" in problem


def test_a_damaged_file_is_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_texts_1'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size + 3)
        file.write(b"\x00\x00")  # an index page that says it has no entries
    assert any("the file is damaged" in problem for problem in checked(path))


def test_many_findings_are_cut_short_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    with RecordStore.create(path, {}) as store:
        key = put(store, 0)
        store.put_rows([event(number, key, (f"{number:032x}", "")) for number in range(2000)])
    problems = checked(path, 5)
    assert len(problems) == 6
    assert problems[-1].endswith("and more")
