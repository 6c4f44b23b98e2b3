"""Tidy tables say what the rows say, and their hashes depend on nothing else."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from socsim.errors import RecordError
from socsim.events import ActionRow, AgentRow, EventRow, ExposureRow, MessageRow, RecalledRow, ResponseRow, SeenRow, TieChangeRow
from socsim.items import Reading
from socsim.record.calls import CallRow
from socsim.record.rows import ROW_TABLES
from socsim.tables import (
    TABLE_NAMES,
    agents_table,
    completed,
    read_table,
    readings_table,
    row_table,
    table_hash,
    to_pandas,
    write_labelled_csv,
    write_table,
)

READING = Reading("forward", "letters", (0.1, 0.9), 0.5)
READING_2 = Reading("forward", "letters", (0.25, 0.75), 0.5)
_WHERE = ("a", 0, 0, "talk", 0, "x", "logprob", "answered")
ANSWER = ResponseRow(*_WHERE, "agree", 1, 2.0, 1.9, 0.3, 0.5, 0.1 + 0.2, (0.1, 0.9), (READING,))
RESPONSES = [ANSWER._replace(step=step, agent=agent) for step in range(3) for agent in range(4)]
FAILED = ResponseRow("a", 0, 3, "talk", 0, "x", "logprob", "failed", failure="timed_out")


def test_hash_does_not_depend_on_the_order_of_rows_nor_on_files(tmp_path: Path) -> None:
    table = row_table("responses", [*RESPONSES, FAILED])
    shuffled = row_table("responses", random.Random(1).sample([FAILED, *RESPONSES], 13))
    assert table.equals(shuffled)
    write_table(table, tmp_path / "a.parquet")
    pq.write_table(table.slice(5), tmp_path / "b.parquet", compression="none")
    assert table_hash("responses", shuffled) == table_hash("responses", table)
    assert table_hash("responses", read_table(tmp_path / "a.parquet")) == table_hash("responses", table)
    assert table_hash("responses", read_table(tmp_path / "b.parquet")) != table_hash("responses", table)


@pytest.mark.parametrize(
    "change",
    [
        {"u": 0.3},
        {"value": None},
        {"probabilities": (0.1, 0.9000000000000001)},
        {"option": "A"},
        {"choice": 0},
        {"item": "y"},
    ],
)
def test_hash_sees_every_change(change: dict[str, object]) -> None:
    table = row_table("responses", RESPONSES)
    changed = row_table("responses", [RESPONSES[0]._replace(**change), *RESPONSES[1:]])  # type: ignore[arg-type]
    assert table_hash("responses", changed) != table_hash("responses", table)


def test_hash_is_stable() -> None:
    """The hash is an identity over versions of socsim: this value must never change for these rows."""
    row = MessageRow("a", 0, 1, "talk", 2, "Hé", "ok", False, "Hé")
    assert table_hash("messages", row_table("messages", [row])) == "c62381385fe58bdb54125aa3a7b0862c"


WHERE = ("a", 0, 1, "talk", 2)
ONE_ANSWER = ResponseRow(*WHERE, "x", "logprob", "answered", "agree", 1, 2.0, 1.75, 0.5, 0.5, 0.25, (0.25, 0.75), (READING_2,))
OF_VERSION_2 = {
    "events": (row_table("events", [EventRow(*WHERE, "o", "d", (("say", "ff", "1"),))]), "a7df503c0ba36d4ab0203353a64f55e5"),
    "seen": (row_table("seen", [SeenRow("a", 0, 1, 2, 0, 3, 0, "Hé")]), "1610756a441867fde4b92b9c1fedadb4"),
    "responses": (row_table("responses", [ONE_ANSWER]), "147e05d60d8cc800ad920325660e8c4d"),
    "readings": (readings_table([ONE_ANSWER]), "3749d20c6f8a7c4e06a8fed3d8c4487f"),
    "calls": (row_table("calls", []), "19dfcd0703a18c76a376c28bcf53f5e9"),
}
"""Tables without anything that version 2 could not say, and the hashes that version 2 gave them."""


@pytest.mark.parametrize("name", OF_VERSION_2)
def test_what_an_older_version_could_say_has_the_hash_it_gave(name: str) -> None:
    table, recorded = OF_VERSION_2[name]
    assert table_hash(name, table) == recorded
    older = table.drop_columns([column for column in ("turn", "kind") if column in table.column_names and name != "calls"])
    assert table_hash(name, older) == recorded
    assert completed(name, older).equals(table)


def test_hash_sees_the_turn_and_the_kind() -> None:
    seen = SeenRow("a", 0, 1, 2, 0, 3, 0, "Hé")
    hashes = {table_hash("seen", row_table("seen", [one])) for one in (seen, seen._replace(turn=1), seen._replace(kind="news"))}
    assert len(hashes) == 3
    acted = [EventRow(*WHERE, "o", "d", (), turn) for turn in (0, 1)]
    assert len({table_hash("events", row_table("events", [one])) for one in acted}) == 2


def test_completing_a_table_hides_no_change_to_its_columns() -> None:
    """What no version lacked stays away, what none had stays there, and both show in the hash."""
    table = row_table("messages", [MessageRow(*WHERE, "Hé", "ok", False, "Hé")])
    more = table.append_column("x", table["text"])
    assert completed("messages", more).column_names == [*table.column_names, "x"]
    assert len({table_hash("messages", one) for one in (table, more, table.drop_columns(["raw"]))}) == 3


def test_tables_are_sorted_by_turn_and_ties_by_wave() -> None:
    actions = [ActionRow(*WHERE, turn, position, "like") for turn in (1, 0) for position in (1, 0)]
    sorted_actions = row_table("actions", actions)
    assert list(zip(*(sorted_actions[c].to_pylist() for c in ("turn", "position")), strict=True)) == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    assert sorted_actions["target"].type == "int64"
    ties = [TieChangeRow("a", 0, 1, "talk", agent, 0, 0, "follow", 1, 2, wave=wave) for agent, wave in ((0, 2), (1, 0), (2, 1))]
    assert row_table("tie_changes", ties)["wave"].to_pylist() == [0, 1, 2]
    assert row_table("exposures", [ExposureRow(*WHERE, 0, 9, 5, 2)]).to_pylist()[0]["potential"] == 9
    assert row_table("recalled", [RecalledRow(*WHERE, 0, 0, "said", "Hé")]).to_pylist()[0]["text"] == "Hé"


def test_telemetry_is_outside_the_hash() -> None:
    call = CallRow("00", "", "text", "ok", "Hi", "stop", (), 10, 5, 3, 0.25, 1, "")
    slower = call._replace(prompt_tokens=1, cached_tokens=0, completion_tokens=1, elapsed_s=9.0, attempts=3)
    assert table_hash("calls", row_table("calls", [slower])) == table_hash("calls", row_table("calls", [call]))
    other = row_table("calls", [call._replace(text="Ho")])
    assert table_hash("calls", other) != table_hash("calls", row_table("calls", [call]))


def test_numbers_without_a_json_form_are_hashed_apart() -> None:
    def of(*logprobs: float) -> str:
        row = CallRow("00", "", "score", "ok", "", "scored", logprobs, 0, 0, 0, 0.0, 1, "")
        return table_hash("calls", row_table("calls", [row]))

    inf = float("inf")
    assert len({of(-inf), of(inf), of(0.0), of(-0.0), of(), of(float("nan"))}) == 6


def test_pandas_and_polars_frames() -> None:
    table = row_table("responses", [*RESPONSES, FAILED])
    frame = to_pandas(table)
    stored = [name for name in ResponseRow._fields if name != "readings"]
    assert list(frame.columns) == [*stored, "repaired"]
    assert frame["agent"].dtype == "int64"
    assert frame["choice"].dtype == "Int64"
    assert frame["choice"].isna().sum() == 1
    assert frame["probabilities"][0] == [0.1, 0.9]
    assert frame["probabilities"].iloc[-1] == []
    assert frame.groupby("step")["expected"].mean()[0] == pytest.approx(1.9)
    polars = pl.from_arrow(table)
    assert isinstance(polars, pl.DataFrame)
    assert polars["probabilities"].dtype == pl.List(pl.Float64)


def test_empty_tables_have_their_columns_and_types() -> None:
    names = [*(table.name for table in ROW_TABLES if table.name != "agents"), "calls"]
    assert {*names, "agents", "readings"} == set(TABLE_NAMES)
    for name in names:
        full, empty = row_table(name, []), to_pandas(row_table(name, []))
        assert list(empty.columns) == full.column_names
    assert readings_table([]).schema.equals(readings_table(RESPONSES).schema)
    assert agents_table([]).num_rows == 0


def test_readings_are_numbered_within_their_answer() -> None:
    frame = to_pandas(readings_table([RESPONSES[0]._replace(readings=(READING, replace(READING, order="backward")))]))
    assert frame[["reading", "order", "labels", "mass"]].to_numpy().tolist() == [
        [0, "forward", "letters", 0.5],
        [1, "backward", "letters", 0.5],
    ]


def test_facts_become_typed_columns() -> None:
    def agent(number: int, **facts: object) -> AgentRow:
        return AgentRow("a", 0, number, "n", "s", 1.0, "", facts, {"vote": "x"}, "m")  # type: ignore[arg-type]

    frame = to_pandas(agents_table([agent(0, age=30, income=1, party="1", code=7), agent(1, age=None, income=2.5, code="x")]))
    assert str(frame["fact_age"].dtype) == "Int64"
    assert frame["fact_income"].tolist() == [1.0, 2.5]
    assert frame["fact_code"].tolist() == ["7", "x"]
    assert frame["fact_party"].tolist()[0] == "1"
    assert pd.isna(frame["fact_party"][1])
    assert frame["reference_vote"].tolist() == ["x", "x"]


def test_event_calls_are_named_triples() -> None:
    row = EventRow("a", 0, 0, "talk", 1, "o", "d", (("say", "ff", "1/1/0/say/0"),))
    assert row_table("events", [row])["calls"].to_pylist() == [[{"path": "say", "digest": "ff", "draw": "1/1/0/say/0"}]]


def test_labelled_csv_has_options_beside_numbers(tmp_path: Path) -> None:
    path = tmp_path / "out" / "responses.csv"
    write_labelled_csv(row_table("responses", [RESPONSES[0], FAILED]), path, {"x": ("disagree, or not", "agree")})
    with path.open(encoding="utf-8-sig", newline="") as file:
        answered, failed = csv.DictReader(file)
    assert (answered["option"], answered["choice"], answered["value"]) == ("agree", "1", "2.0")
    assert json.loads(answered["options"]) == ["disagree, or not", "agree"]
    assert json.loads(answered["probabilities"]) == [0.1, 0.9]
    assert float(answered["u"]) == 0.1 + 0.2
    assert (failed["choice"], failed["value"], failed["probabilities"]) == ("", "", "[]")


def test_text_with_breaks_and_quotes_survives_csv(tmp_path: Path) -> None:
    text = 'a "b",\r\nc\n=1+1'
    write_labelled_csv(row_table("messages", [MessageRow("a", 0, 1, "t", 2, text, "ok", False, text)]), tmp_path / "m.csv", {})
    with (tmp_path / "m.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["text"] == text


def test_files_that_cannot_be_written_or_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordError, match="cannot be written"):
        write_table(row_table("ties", []), tmp_path / "file" / "ties.parquet")
    with pytest.raises(RecordError, match="cannot be read"):
        read_table(tmp_path / "file")
