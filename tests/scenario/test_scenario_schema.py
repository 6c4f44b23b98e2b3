from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from socsim.scenario import scenario_schema, starter_text
from socsim.scenario.document import parse_document

SCENARIOS = Path(__file__).parents[2] / "scenarios"
KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """A small validator of the keywords that the schema uses."""
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    for word, count in (("anyOf", any), ("oneOf", any)):
        if word in schema and not count(fits(value, branch, root) for branch in schema[word]):
            return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "type" in schema and not _of_kind(value, schema["type"]):
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, list):
        items, first = schema.get("items", {}), schema.get("prefixItems", [])
        return all(fits(part, first[i] if i < len(first) else items, root) for i, part in enumerate(value))
    return _object_fits(value, schema, root) if isinstance(value, dict) else True


def _of_kind(value: Any, kinds: str | list[str]) -> bool:
    names = [kinds] if isinstance(kinds, str) else kinds
    return any(isinstance(value, KINDS[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names)


def _object_fits(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> bool:
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    if not all(name in value for name in schema.get("required", ())) or len(value) > schema.get("maxProperties", 10**9):
        return False
    if not all(fits(part, properties[name], root) for name, part in value.items() if name in properties):
        return False
    others = [part for name, part in value.items() if name not in properties]
    return not others if more is False else more is True or all(fits(part, more, root) for part in others)


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_fit_the_schema(path: Path) -> None:
    schema = scenario_schema()
    assert fits(parse_document(path.read_text(encoding="utf-8"), path.name).root.data, schema, schema)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size: 20", "size: many"),
        ("seed: 1 ", "sede: 1 "),
        ("watts_strogatz", "watts"),
        ("type: ordinal", "type: ordnal"),
        ("kind: neighbours", "kind: neighbors"),
    ],
)
def test_mistakes_do_not_fit_the_schema(old: str, new: str) -> None:
    schema, text = scenario_schema(), starter_text()
    assert old in text
    assert fits(parse_document(text, "f").root.data, schema, schema)
    assert not fits(parse_document(text.replace(old, new, 1), "f").root.data, schema, schema)


def test_every_field_of_a_scenario_is_in_the_schema_with_the_short_forms() -> None:
    schema = scenario_schema()
    assert "from" in schema["$defs"]["InteractionSpec"]["properties"]
    assert schema["$defs"]["ReadoutSpec"]["properties"]["correction"]["description"]
    for data in ({"ring": None}, {"name": "karate_club"}):
        assert fits(data, schema["$defs"]["GraphSpec"], schema)
    forms: tuple[Any, ...] = (["treatment", "alone", {"shuffled": "rewire"}], {"a": {"network": {}}}, [{"b": {"phases": {}}}])
    for arms in forms:
        assert fits(arms, schema["properties"]["arms"], schema)
    assert not fits([{"shuffled": "people"}], schema["properties"]["arms"], schema)
