"""The record keeps everything exactly, in little space, and says so when it cannot."""

from __future__ import annotations

import math
import random
import sqlite3
import struct
from pathlib import Path

import pytest

from socsim.errors import RecordError, ReplayMismatch
from socsim.events import (
    ActionRow,
    AgentRow,
    EventRow,
    ExposureRow,
    MessageRow,
    RecalledRow,
    ResponseRow,
    SeenRow,
    TieChangeRow,
    TieRow,
    TrialRow,
    ValueRow,
)
from socsim.inference.types import CallFailure, Completion, DrawKey, Request, SamplingParams, Segment, TokenPiece, Usage
from socsim.items import Reading
from socsim.record.rows import ROW_TABLES
from socsim.record.store import RecordStore

TEXT = Request(
    "text",
    (Segment("system", "You are 44 years old.\n"), Segment("user", "Well? «é» 你好\x00"), Segment("assistant", "I")),
    sampling=SamplingParams(
        temperature=0.7, top_p=0.9, top_k=3, min_p=0.1, repetition_penalty=1.1, max_tokens=7, stop=("\n", "!")
    ),
    model="m",
)
SCORE = Request(
    "score", (Segment("user", "Agree? "),), style="plain", candidates=(" yes", " no"), terminators=("", "."), model="m"
)
DRAW = DrawKey(20, 3, 2, "say/0", 1)


def completion(text: str = "Hello\n there") -> Completion:
    pieces = (TokenPiece("<|im_start|>", (1,), True), TokenPiece("You are 44 years old.\nWell?", (5, 70000, 49151)))
    return Completion(text, "length", (), (), (9, 8, 7), pieces, Usage(10, 3, 4), 0.1 + 0.2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.sqlite"


def reopened(store: RecordStore) -> RecordStore:
    store.close()
    return RecordStore.open(store.path)


def event(agent: int = 0, observed: str = "o", did: str = "d", calls: tuple[tuple[str, str, str], ...] = ()) -> EventRow:
    return EventRow("treatment", 0, 1, "talk", agent, observed, did, calls)


def bits(number: float) -> bytes:
    return struct.pack("<d", number)


def test_text_completion_comes_back_exactly(path: Path) -> None:
    store = RecordStore.create(path, {})
    store.put_call(TEXT, TEXT.digest(), DRAW, completion(), 2)
    with reopened(store) as again:
        found = again.get(TEXT.digest(), DRAW.text())
        assert found == completion()
        assert isinstance(found, Completion)
        assert (found.usage, bits(found.elapsed_s)) == (Usage(10, 3, 4), bits(0.1 + 0.2))
        assert again.load_request(TEXT.digest()) == TEXT
        assert again.load_request(TEXT.digest()).digest() == TEXT.digest()
        assert again.load_pieces(TEXT.digest(), DRAW.text()) == completion().pieces


def test_logprobs_come_back_bit_for_bit(path: Path) -> None:
    odd = (-0.0, -math.inf, -5e-324, -0.1 - 0.2, -1e308, math.nan)
    request = Request("score", SCORE.segments, candidates=tuple("abcdef"))
    ids = ((1,), (2, 3), (4,), (5,), (6,), (70000,))
    store = RecordStore.create(path, {})
    store.put_call(request, request.digest(), None, Completion("", "scored", odd, ids), 1)
    with reopened(store) as again:
        found = again.get(request.digest())
        assert isinstance(found, Completion)
        assert [bits(p) for p in found.logprobs] == [bits(p) for p in odd]
        assert found.candidate_ids == ids
        assert again.load_request(request.digest()) == request


def test_failure_comes_back_as_failure(path: Path) -> None:
    failure = CallFailure("context_overflow", "2049 tokens > 2048", 3)
    store = RecordStore.create(path, {})
    store.put_call(SCORE, SCORE.digest(), None, failure, 3)
    with reopened(store) as again:
        assert again.lookup([(SCORE.digest(), ""), (SCORE.digest(), "other")]) == [failure, None]
        (row,) = again.calls()
        assert (row.status, row.failure, row.kind) == ("failed", "context_overflow: 2049 tokens > 2048", "score")


@pytest.mark.parametrize("text", ["", "a" * 5000, "\ud800 lone", "nul\x00nul", "\u202e" * 200])
def test_any_text_survives(path: Path, text: str) -> None:
    store = RecordStore.create(path, {})
    store.put_call(TEXT, TEXT.digest(), None, completion(text), 1)
    with reopened(store) as again:
        found = again.get(TEXT.digest())
        assert isinstance(found, Completion)
        assert found.text == text


def test_first_outcome_of_a_key_stays(path: Path) -> None:
    store = RecordStore.create(path, {})
    store.put_call(TEXT, TEXT.digest(), DRAW, completion("first"), 1)
    store.put_call(TEXT, TEXT.digest(), DRAW, completion("second"), 1)
    with reopened(store) as again:
        again.put_call(TEXT, TEXT.digest(), DRAW, completion("third"), 1)
        assert [row.text for row in again.calls()] == ["first"]
        assert again.get(TEXT.digest(), DRAW.text()) == completion("first")


def test_draws_of_one_request_are_kept_apart(path: Path) -> None:
    store = RecordStore.create(path, {})
    for agent in range(3):
        store.put_call(TEXT, TEXT.digest(), DrawKey(1, agent, 0, "say"), completion(str(agent)), 1)
    with reopened(store) as again:
        texts = [again.get(TEXT.digest(), DrawKey(1, agent, 0, "say").text()) for agent in range(3)]
        assert [found.text for found in texts if isinstance(found, Completion)] == ["0", "1", "2"]
        assert again.get(TEXT.digest()) is None


def test_rows_of_every_type_come_back_exactly(path: Path) -> None:
    reading = Reading("forward", "letters", (0.1, 0.2, 0.7), 0.25)
    rows = {
        "agents": AgentRow("a", 0, 1, "n1", "s", 1.5, "Persona " * 40, {"age": 44, "x": 0.1, "y": None}, {"z": "ü"}, "m"),
        "ties": TieRow("a", 0, 1, 2, 1.0),
        "events": event(calls=(("say", TEXT.digest(), DRAW.text()), ("ask.x/0", SCORE.digest(), ""))),
        "messages": MessageRow("a", 0, 1, "talk", 2, "Hi", "ok", True, '"Hi', ""),
        "seen": SeenRow("a", 0, 1, 2, 0, 3, 0, "Hi", 1, "news"),
        "responses": ResponseRow(
            "a",
            0,
            1,
            "talk",
            2,
            "x",
            "logprob",
            "answered",
            "agree",
            1,
            2.0,
            2.1,
            0.5,
            0.9,
            0.1 + 0.2,
            (0.25, 0.75),
            (reading, reading),
            turn=1,
        ),
        "actions": ActionRow("a", 0, 1, "talk", 2, 1, 0, "give", "failed", 3, "post 1", 0.1 + 0.2),
        "exposures": ExposureRow("a", 0, 1, "talk", 2, 1, 9, 5, 2),
        "recalled": RecalledRow("a", 0, 1, "talk", 2, 1, 0, "said", "Hé " * 200),
        "tie_changes": TieChangeRow("a", 0, 1, "talk", 2, 1, 0, "follow", 2, 3, "rule", 4),
        "trials": TrialRow("a", 0, 1, "talk", 2, 1, "frame", "gain"),
        "numbers": ValueRow("a", 0, 1, "talk", 2, 1, "payoff", -0.1),
    }
    assert list(rows) == [table.name for table in ROW_TABLES]
    store = RecordStore.create(path, {})
    store.put_rows(list(rows.values()))
    with reopened(store) as again:
        assert {name: again.rows(name) for name in rows} == {name: [row] for name, row in rows.items()}
        again.put_rows(list(rows.values()))
        assert again.event_count() == 1
        assert again.event(("treatment", 0, 1, "talk", 0, 0)) == rows["events"]
        again.verify_rows(list(rows.values()))
        for name, row in rows.items():
            if name not in ("agents", "ties", "events", "seen", "messages"):
                assert again.rows_of(name, ("a", 0, 1, "talk", 2, 1)) == [row]
                assert again.rows_of(name, ("a", 0, 1, "talk", 2, 0)) == []


def test_not_a_number_is_no_missing_value(path: Path) -> None:
    with RecordStore.create(path, {}) as store, pytest.raises(ValueError, match="weight is not a number"):
        store.put_rows([TieRow("a", 0, 1, 2, math.nan)])


def test_rows_are_sorted_whatever_their_order_of_arrival(path: Path) -> None:
    rows = [event(agent) for agent in range(50)]
    with RecordStore.create(path, {}) as store:
        for row in random.Random(1).sample(rows, len(rows)):
            store.put_rows([row])
        assert store.events() == rows


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (event(observed="other"), "saw something else"),
        (event(did="other", calls=(("say", "ff", ""),)), "made call say"),
        (event(did="other"), "made 0 calls, recorded were 1"),
    ],
)
def test_event_with_other_hashes_is_a_mismatch(path: Path, changed: EventRow, message: str) -> None:
    store = RecordStore.create(path, {})
    store.put_rows([event(calls=(("say", "aa", ""),))])
    with reopened(store) as again:
        with pytest.raises(ReplayMismatch, match=f"arm treatment.*step 1.*agent 0.*{message}"):
            again.put_rows([changed])
        again.put_rows([event(calls=(("say", "aa", ""),))])
        assert len(again.events()) == 1


def test_verify_rows_names_the_first_field_that_differs(path: Path) -> None:
    with RecordStore.create(path, {}) as store:
        store.put_rows([TieRow("a", 0, 1, 2, 1.0)])
        with pytest.raises(ReplayMismatch, match=r"ties: .*author 1, reader 2: weight is 0\.5, recorded was 1\.0"):
            store.verify_rows([TieRow("a", 0, 1, 2, 0.5)])
        with pytest.raises(ReplayMismatch, match="not in the record"):
            store.verify_rows([TieRow("a", 0, 2, 1, 0.5)])


def test_read_only_record_verifies_and_takes_nothing(path: Path) -> None:
    store = RecordStore.create(path, {})
    store.put_rows([event()])
    store.close()
    with RecordStore.open(path, read_only=True) as again:
        again.put_rows([event()])
        with pytest.raises(ReplayMismatch, match="not in the record"):
            again.put_rows([event(7)])
        with pytest.raises(RecordError, match="read-only"):
            again.put_call(TEXT, TEXT.digest(), None, completion(), 1)


def test_finished_record_is_one_file_and_readable_from_a_read_only_medium(path: Path) -> None:
    store = RecordStore.create(path, {"a": "b"})
    store.put_call(TEXT, TEXT.digest(), None, completion(), 1)
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["record.sqlite"]
    path.chmod(0o400)
    with RecordStore.open(path, read_only=True) as again:
        assert again.get(TEXT.digest()) == completion()


def test_reading_while_another_connection_writes(path: Path) -> None:
    with RecordStore.create(path, {}) as store, RecordStore.open(path, read_only=True) as reader:
        assert reader.events() == []
        store.put_rows([event()])
        store.flush()
        assert reader.events() == [event()]


def test_other_schema_version_is_refused(path: Path) -> None:
    RecordStore.create(path, {}).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE meta SET value = '0' WHERE key = 'schema_version'")
    connection.close()
    for read_only in (True, False):
        with pytest.raises(RecordError, match="format version 0, this socsim reads versions 1, 2, 3"):
            RecordStore.open(path, read_only=read_only)


def test_files_that_are_no_record_are_refused(path: Path) -> None:
    with pytest.raises(RecordError, match="no record here"):
        RecordStore.open(path)
    path.write_text("x" * 5000)
    with pytest.raises(RecordError, match="cannot be opened"):
        RecordStore.open(path)
    with pytest.raises(RecordError, match="already there"):
        RecordStore.create(path, {})
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(RecordError, match="not a socsim record"):
        RecordStore.open(path)


def test_meta_survives(path: Path) -> None:
    store = RecordStore.create(path, {"name": "poll"})
    store.set_meta("status", "running")
    with reopened(store) as again:
        assert (again.meta("name"), again.meta("status"), again.meta("x", "y")) == ("poll", "running", "y")


def test_missing_call_is_named(path: Path) -> None:
    with RecordStore.create(path, {}) as store:
        with pytest.raises(RecordError, match="no such call"):
            store.load_request(TEXT.digest())
        with pytest.raises(RecordError, match=TEXT.digest()):
            store.load_pieces(TEXT.digest())


def test_closed_record_refuses_calls_and_closes_once(path: Path) -> None:
    store = RecordStore.create(path, {})
    store.close()
    store.close()
    with pytest.raises(RecordError, match="closed"):
        store.put_rows([event()])


def test_calls_without_outcome_are_counted_at_reopening(path: Path) -> None:
    store = RecordStore.create(path, {})
    for agent in range(5):
        store.begin_call(TEXT.digest(), DrawKey(1, agent, 0, "say"))
    store.flush()
    for agent in range(2):
        store.put_call(TEXT, TEXT.digest(), DrawKey(1, agent, 0, "say"), completion(), 1)
    store.begin_call(SCORE.digest(), None)
    store.put_call(SCORE, SCORE.digest(), None, Completion("", "scored", (-1.0, -2.0)), 1)
    store = reopened(store)
    assert (store.found_unanswered, store.possibly_billed_twice) == (3, 3)
    store.begin_call(TEXT.digest(), DrawKey(1, 4, 0, "say"))
    store = reopened(store)
    assert (store.found_unanswered, store.possibly_billed_twice) == (1, 4)
    store = reopened(store)
    assert (store.found_unanswered, store.possibly_billed_twice) == (0, 4)
    store.close()


WORDS = [f"w{number}rd" for number in range(4000)]


def words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(count))


def pieces_of(request: Request, whole: bool, vocabulary: dict[str, int]) -> tuple[TokenPiece, ...]:
    texts = ["".join(s.text for s in request.segments)] if whole else [s.text for s in request.segments]
    template = TokenPiece("<|im_start|>user\n", (1, 4093, 198), True)
    return (template, *(TokenPiece(t, tuple(vocabulary.setdefault(w, len(vocabulary) * 7) for w in t.split())) for t in texts))


@pytest.mark.parametrize("whole", [False, True])
def test_a_call_takes_at_most_one_kilobyte(path: Path, whole: bool) -> None:
    """34 agents, 4 readings and a message each step, everything stored, tokenised by segment or as one run; beyond what a
    record without any call takes."""
    rng, vocabulary, count = random.Random(1), {}, 0
    item, options = words(rng, 20), [words(rng, 30) for _ in range(4)]
    with RecordStore.create(path, {}) as store:
        for agent in range(34):
            persona = Segment("system", words(rng, 45))
            for step in range(5):
                messages = [words(rng, 20) for _ in range(3)]
                base = (persona, Segment("user", "\n".join(messages)), Segment("user", item))
                calls = []
                for order in options:
                    request = Request("score", (*base, Segment("user", order)), candidates=tuple("ABCDEFG"), model="smollm2-135m")
                    reply = Completion("", "scored", tuple(-rng.random() for _ in range(7)), tuple((n,) for n in range(7)), (),
                                       pieces_of(request, whole, vocabulary), Usage(250, 0, 200), rng.random())  # fmt: skip
                    store.put_call(request, request.digest(), None, reply, 1)
                    calls.append(("ask.services/0", request.digest(), ""))
                request = Request("text", (*base, Segment("user", "Write one sentence.")), sampling=SamplingParams(max_tokens=28))
                draw, text = DrawKey(20, agent, step, "say/0"), words(rng, 18)
                reply = Completion(text, "stop", (), (), tuple(rng.randrange(49152) for _ in range(24)),
                                   pieces_of(request, whole, vocabulary), Usage(250, 24, 200), rng.random())  # fmt: skip
                store.put_call(request, request.digest(), draw, reply, 1)
                calls.append(("say/0", request.digest(), draw.text()))
                readings = tuple(Reading("forward", "letters", tuple(rng.random() for _ in range(7)), 0.5) for _ in range(4))
                store.put_rows([
                    EventRow("treatment", 0, step, "talk", agent, request.digest(), request.digest(), tuple(calls)),
                    ResponseRow("treatment", 0, step, "talk", agent, "services", "logprob", "answered", "agree", 1, 2.0, 2.0, 1.0,
                                0.5, 0.5, readings[0].probabilities, readings),
                    MessageRow("treatment", 0, step, "talk", agent, text, "ok", False, text),
                    *(SeenRow("treatment", 0, step, agent, n, n, step, seen) for n, seen in enumerate(messages)),
                ])  # fmt: skip
                count += 5
    RecordStore.create(path.with_name("empty.sqlite"), {}).close()
    empty = path.with_name("empty.sqlite").stat().st_size
    assert (path.stat().st_size - empty) / count < 932
