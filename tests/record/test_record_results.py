"""Rows of several turns of one agent in one step stand beside each other, and each is found by its turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsim.errors import ReplayMismatch
from socsim.events import (
    ActionRow,
    EventRow,
    ExposureRow,
    MessageRow,
    RecalledRow,
    ResponseRow,
    SeenRow,
    TieChangeRow,
    TrialRow,
    ValueRow,
)
from socsim.record.rows import ROW_TABLES
from socsim.record.store import RecordStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.sqlite"


def test_turns_of_one_step_are_kept_apart(path: Path) -> None:
    where = ("a", 0, 1, "talk", 2)
    rows = [
        row
        for turn in (2, 0, 1)
        for row in (
            EventRow(*where, "o", f"d{turn}", (), turn),
            MessageRow(*where, f"m{turn}", "ok", False, "", turn=turn),
            SeenRow("a", 0, 1, 2, 0, 3, 0, f"s{turn}", turn),
            ResponseRow(*where, "x", "text", "answered", f"r{turn}", turn=turn),
            *(ActionRow(*where, turn, position, f"k{turn}") for position in (1, 0)),
            ExposureRow(*where, turn, turn, 0, 0),
            RecalledRow(*where, turn, 0, "said", f"t{turn}"),
            TieChangeRow(*where, turn, 0, "follow", 2, turn),
            TrialRow(*where, turn, "frame", f"l{turn}"),
            ValueRow(*where, turn, "payoff", float(turn)),
        )
    ]
    store = RecordStore.create(path, {})
    store.put_rows(rows)
    store.close()
    with RecordStore.open(path) as again:
        for table in ROW_TABLES[2:]:
            turns = [0, 0, 1, 1, 2, 2] if table.name == "actions" else [0, 1, 2]
            assert [row.turn for row in again.rows(table.name)] == turns
        assert [event.did for event in again.each_event()] == ["d0", "d1", "d2"]
        assert [(row.kind, row.position) for row in again.rows_of("actions", (*where, 1))] == [("k1", 0), ("k1", 1)]
        with pytest.raises(ReplayMismatch, match=r"agent 2, turn 1: from the same calls something else followed"):
            again.put_rows([EventRow(*where, "o", "other", (), 1)])
        again.put_rows([EventRow(*where, "o", "d3", (), 3)])
        assert again.event_count() == 4


def test_events_are_paged_through_turn_by_turn(path: Path) -> None:
    """A page ends between two turns of one agent, too."""
    rows = [EventRow("a", 0, 1, "talk", agent, "o", "d", (), turn) for agent in range(5) for turn in range(500)]
    with RecordStore.create(path, {}) as store:
        store.put_rows(rows)
        assert list(store.each_event()) == rows
