"""Another record as a cache: answers are taken over once, failures never, and only of the same model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import orjson
import pytest
from recorded_calls import draw, made, put, reply, request

from socsim.errors import RecordError
from socsim.inference.types import CallFailure, Completion, EngineIdentity
from socsim.record.caching import CACHE_FACT, IDENTITY_KEY, cache_of, engine_difference, identity_of, open_cache
from socsim.record.store import RecordStore

MODEL = EngineIdentity("embedded", "m", "ff" * 32, "Q8_0")


def identified(path: Path, identity: EngineIdentity = MODEL) -> Path:
    stored = {"engine": identity.engine, "model": identity.model, "file_sha256": identity.file_sha256}
    return made(path, range(3), {IDENTITY_KEY: orjson.dumps(stored | {"quantisation": identity.quantisation}).decode()})


def key(number: int) -> tuple[str, str]:
    return request(number).digest(), draw(number).text()


def test_an_answer_of_the_cache_becomes_one_of_the_record_and_counts_as_reused(tmp_path: Path) -> None:
    made(tmp_path / "old.sqlite", range(3))
    path = tmp_path / "new.sqlite"
    RecordStore.create(path, {}).close()
    with RecordStore.open(tmp_path / "old.sqlite", read_only=True) as cache, RecordStore.open(path, cache=cache) as store:
        put(store, 0, Completion("Own."))
        found = store.get(*key(1))
        assert found == reply(1)
        assert isinstance(found, Completion)
        assert found.elapsed_s == reply(1).elapsed_s
        assert store.lookup([key(0), key(2), key(9)]) == [Completion("Own."), reply(2), None]
    with RecordStore.open(path, read_only=True) as store:
        assert store.lookup([key(0), key(1), key(2)]) == [Completion("Own."), reply(1), reply(2)]
        assert store.load_request(key(1)[0]) == request(1)
        assert {row.draw: row.reused for row in store.calls()} == {key(0)[1]: False, key(1)[1]: True, key(2)[1]: True}
        totals = store.totals()
        assert (totals["calls"], totals["reused"], totals["attempts"], totals["prompt_tokens"]) == (3, 2, 1, 0)


def test_a_failure_is_not_taken_over(tmp_path: Path) -> None:
    with RecordStore.create(tmp_path / "old.sqlite", {}) as old:
        put(old, 1, CallFailure("timed_out", "late", 3), 3)
    RecordStore.create(tmp_path / "new.sqlite", {}).close()
    with RecordStore.open(tmp_path / "old.sqlite", read_only=True) as cache:
        with RecordStore.open(tmp_path / "new.sqlite", cache=cache) as store:
            assert store.get(*key(1)) is None
            put(store, 1)
            assert store.get(*key(1)) == reply(1)
        assert cache.get(*key(1)) == CallFailure("timed_out", "late", 3)


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("engine", EngineIdentity("openai", "m", "ff" * 32, "Q8_0")),
        ("model", EngineIdentity("embedded", "n", "ff" * 32, "Q8_0")),
        ("file_sha256", EngineIdentity("embedded", "m", "ee" * 32, "Q8_0")),
        ("quantisation", EngineIdentity("embedded", "m", "ff" * 32, "Q4_1")),
    ],
)
def test_a_record_of_another_model_is_refused_and_the_difference_named(tmp_path: Path, field: str, other: EngineIdentity) -> None:
    identified(tmp_path / "old.sqlite")
    with pytest.raises(RecordError, match=f"another model are recorded there \\({field} "):
        open_cache(tmp_path / "old.sqlite", other)
    open_cache(tmp_path / "old.sqlite", MODEL).close()


def test_settings_and_versions_of_the_engine_do_not_make_another_model() -> None:
    assert engine_difference({"engine": "e", "model": "m", "version": "1"}, EngineIdentity("e", "m", version="2")) == ""


def test_a_record_that_names_no_model_is_refused(tmp_path: Path) -> None:
    made(tmp_path / "old.sqlite", range(1))
    with pytest.raises(RecordError, match="nothing says which model"):
        identity_of(tmp_path / "old.sqlite")


def test_a_cache_that_has_gone_is_named_with_the_way_out(tmp_path: Path) -> None:
    facts = {CACHE_FACT: str(identified(tmp_path / "old.sqlite"))}
    with cache_of(facts, MODEL) as cache:
        assert cache is not None
    (tmp_path / "old.sqlite").unlink()
    with pytest.raises(RecordError, match=r"old\.sqlite.*no record any more.*--no-reuse"), cache_of(facts, MODEL):
        pass
    with cache_of({}, MODEL) as none:
        assert none is None


def test_settings_that_change_answers_make_another_model_and_those_of_the_machine_do_not() -> None:
    def identity(**settings: str) -> EngineIdentity:
        return EngineIdentity("transformers", "m", "abc", "float32", "5", tuple(settings.items()))

    plain, steered = identity(device="cpu"), identity(device="cpu", steering="d1", steering_strength="4")
    assert engine_difference(asdict(plain), identity(device="cuda", threads="8")) == ""
    assert "steering" in engine_difference(asdict(plain), steered)
    assert "steering" in engine_difference(asdict(steered), plain)
    assert "steering_strength '4' there, '2' here" in engine_difference(
        asdict(steered), identity(device="cpu", steering="d1", steering_strength="2")
    )
