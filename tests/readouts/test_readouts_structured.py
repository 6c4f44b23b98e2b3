from __future__ import annotations

import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from socsim.items import ParseFailure
from socsim.readouts.structured import canonical_schema, parse_as, schema_of


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
