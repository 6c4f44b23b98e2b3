from __future__ import annotations

import asyncio
import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from readout_doubles import ANN, BOOK, POLICY, Answering

from socsim.inference.manner import Manner
from socsim.inference.types import CallFailure, Completion, FailureKind
from socsim.items import ItemFailure, ParseFailure
from socsim.readouts.structured import NOT_HELD, canonical_schema, parse_as, read_as, schema_of


class Offer(BaseModel):
    amount: int = Field(ge=0, le=100)
    to: Literal["Ann", "Bob"]
    why: str = ""


class Offers(BaseModel):
    offers: list[Offer] = Field(min_length=1)


def test_a_reply_in_the_form_becomes_an_instance() -> None:
    assert parse_as(Offer, ' {"amount": 3, "to": "Bob"}\n') == Offer(amount=3, to="Bob")
    assert parse_as(Offers, '```json\n{"offers": [{"amount": 3, "to": "Ann"}]}\n```') == Offers(
        offers=[Offer(amount=3, to="Ann")]
    )


@pytest.mark.parametrize(
    ("reply", "reason", "detail"),
    [
        ("", "empty", ""),
        ('{"amount": 3}', "malformed", "to: Field required"),
        ('{"amount": "3", "to": "Ann"}', "malformed", "amount: Input should be a valid integer"),
        ('{"amount": 101, "to": "Ann"}', "malformed", "less than or equal to 100"),
        ('{"amount": 3, "to": "Carl"}', "malformed", "to: Input should be 'Ann' or 'Bob'"),
        ('{"amount": 3, "amount": 4, "to": "Ann"}', "malformed", "'amount' stands twice"),
        ('I offer {"amount": 3, "to": "Ann"}', "malformed", "no JSON"),
        ("{'amount': 3, 'to': 'Ann'}", "malformed", "no JSON"),
        ('__import__("os").system("true")', "malformed", "no JSON"),
        ("null", "malformed", "Input should be an object"),
        ('{"amount": 1e400, "to": "Ann"}', "malformed", ""),
        ("[" * 50_000 + "]" * 50_000, "malformed", ""),
    ],
)
def test_anything_else_is_a_typed_failure_with_the_raw_reply(reply: str, reason: str, detail: str) -> None:
    failure = parse_as(Offer, reply)
    assert isinstance(failure, ParseFailure)
    assert (failure.reason, failure.raw) == (reason, reply)
    assert detail in failure.detail


def test_many_problems_are_named_up_to_five() -> None:
    reply = json.dumps({"offers": [{"amount": -1, "to": "X"}] * 4})
    failure = parse_as(Offers, reply)
    assert isinstance(failure, ParseFailure)
    assert failure.detail.count("offers.") == 5
    assert failure.detail.endswith("and 3 more")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_json_comes_it_never_raises(value: object) -> None:
    assert isinstance(parse_as(Offer, json.dumps(value)), Offer | ParseFailure)


def test_the_schema_is_text_and_the_same_each_time() -> None:
    schema = schema_of(Offer)
    assert schema == schema_of(Offer)
    assert json.loads(schema)["required"] == ["amount", "to"]
    assert canonical_schema({"b": 1, "a": [2]}) == '{"b":1,"a":[2]}'


def asked(calls: Answering, manner: Manner) -> tuple[Offer, tuple[str, ...], int] | ItemFailure:
    return asyncio.run(read_as(Offer, "How much, {and} to whom?", ANN, calls, BOOK, POLICY, manner, name="offer", max_tokens=99))


GOOD = '{"amount": 3, "to": "Ann"}'


def test_the_request_is_data_and_the_schema_is_shown_and_held() -> None:
    calls = Answering(texts=[GOOD])
    assert asked(calls, Manner(constrained=True)) == (Offer(amount=3, to="Ann"), (), 0)
    (request,) = calls.requests
    assert request.segments[-1].text.startswith("How much, {and} to whom?\nAnswer with one JSON object")
    assert request.segments[-1].text.endswith(schema_of(Offer))
    assert request.constraint == schema_of(Offer)
    assert request.sampling is not None
    assert request.sampling.max_tokens == 99


def test_an_engine_that_cannot_be_held_is_only_asked() -> None:
    calls = Answering(texts=[GOOD])
    asked(calls, Manner(constrained=False))
    assert calls.requests[0].constraint == ""


def test_a_schema_that_the_engine_refuses_is_only_asked_for_and_said() -> None:
    calls = Answering(texts=[CallFailure("rejected", "unknown keyword"), GOOD])
    assert asked(calls, Manner(constrained=True)) == (Offer(amount=3, to="Ann"), (NOT_HELD,), 0)
    assert [request.constraint for request in calls.requests] == [schema_of(Offer), ""]
    assert calls.paths == [("ask.x", 0), ("ask.x/not held", 0)]


@pytest.mark.parametrize("kind", ["refused", "timed_out", "context_overflow"])
def test_other_failures_of_the_call_are_final(kind: FailureKind) -> None:
    found = asked(Answering(texts=[CallFailure(kind, "no")]), Manner(constrained=True))
    assert isinstance(found, ItemFailure)
    assert (found.method, found.failures[0].detail) == ("structured", f"{kind}: no")


def test_a_reply_that_was_cut_off_is_none() -> None:
    found = asked(Answering(texts=[Completion(GOOD, "length")] * 2), Manner(constrained=True))
    assert isinstance(found, ItemFailure)
    assert found.failures[-1].reason == "cut_off"
