"""Stand-ins follow schemas, and go on from what a prompt has begun."""

from __future__ import annotations

from typing import Any

import pytest

from socsim.inference.stand_ins import constrained_stand_in, instance_of
from socsim.inference.types import Request, Segment


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}, "required": ["a"]}, {"a": 3}),
        ({"enum": ["x", "y"]}, "x"),
        ({"$defs": {"A": {"const": 7}}, "anyOf": [{"$ref": "#/$defs/A"}]}, 7),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"type": "number", "exclusiveMinimum": 0}, 1),
        ({"type": "null"}, None),
        (
            {"type": "object", "properties": {n: {"type": "integer", "maximum": 100} for n in "abc"}, "required": list("abc")},
            {"a": 34, "b": 33, "c": 33},
        ),
    ],
)
def test_stand_ins_follow_schemas(schema: dict[str, Any], value: object) -> None:
    assert instance_of(schema) == value


def test_what_the_prompt_has_begun_is_not_said_again() -> None:
    schema = '{"type":"object","properties":{"a":{"const":1}},"required":["a"]}'
    asked = Segment("user", "Well?")
    assert constrained_stand_in(Request("text", (asked,), constraint=schema)) == '{"a":1}'
    assert constrained_stand_in(Request("text", (asked, Segment("assistant", "{")), constraint=schema)) == '"a":1}'
