"""The JSON Schema that editors use, held against an independent validator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from socsim.scenario import dump_scenario, load_scenario, scenario_schema, starter_text
from socsim.scenario.document import parse_document

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
VALIDATOR = Draft202012Validator(scenario_schema())


def mistakes(text: str) -> list[str]:
    """Fields that the schema refuses."""
    return [error.json_path for error in VALIDATOR.iter_errors(parse_document(text, "f").root.data)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(scenario_schema())


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_shipped_scenarios_fit_as_written_and_as_resolved(path: Path) -> None:
    assert mistakes(path.read_text(encoding="utf-8")) == []
    assert mistakes(dump_scenario(load_scenario(path).resolved())) == []


@pytest.mark.parametrize(
    "arms",
    [
        "[treatment, alone, {shuffled: rewire}, {shuffled: permute_people}]",
        "[{yoked: {world: other_replicate}}, {other: {phases: {talk: {repeat: 2}}}}]",
        "[{name: a, control: alone}]",
        "{treatment: {}, other: {network: {graph: {star: {}}}}}",
    ],
)
def test_all_forms_of_arms_fit(arms: str) -> None:
    assert mistakes(starter_text().replace("[treatment, alone]", arms)) == []


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("size: 20", "size: many", "$.population.size"),
        ("size: 20", "size: 0", "$.population.size"),
        ("seed: 1 ", "sede: 1 ", "$"),
        ("watts_strogatz", "watts", "$.network"),
        ("type: ordinal", "type: ordnal", "$.items"),
        ("kind: neighbours", "kind: neighbors", "$.schedule[1]"),
        ("[treatment, alone]", "[treatment, {shuffled: people}]", "$.arms"),
        ("engine: embedded", "engine: embeded", "$.inference.engine"),
    ],
)
def test_mistakes_do_not_fit(old: str, new: str, field: str) -> None:
    text = starter_text()
    assert mistakes(text) == []
    assert any(found.startswith(field) for found in mistakes(text.replace(old, new)))


def test_every_field_is_explained() -> None:
    """What an editor shows beside a field: at least the parts that a name does not explain."""
    fields: dict[str, Any] = scenario_schema()["$defs"]["PopulationSpec"]["properties"]
    assert all(field.get("description") for name, field in fields.items() if name not in ("sample", "persona"))
