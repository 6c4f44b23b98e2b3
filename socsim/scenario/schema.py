"""JSON Schema of the scenario format, for editors. What a schema cannot say is checked by loading the file."""

from __future__ import annotations

from typing import Any, get_args

from socsim.scenario.arms import PATCHABLE
from socsim.scenario.people import Generator
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import Activation

__all__ = ["scenario_schema"]


def scenario_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of scenario files, with the short forms of graphs and arms."""
    schema: dict[str, Any] = Scenario.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "socsim scenario, version 1"
    definitions = schema["$defs"]
    definitions["GraphSpec"] = _graph(definitions["GraphSpec"])
    definitions["ActivationSpec"] = _activation(definitions["ActivationSpec"])
    definitions["ArmEntry"] = _arm_entry()
    schema["properties"]["arms"] = _arms(schema["properties"]["arms"])
    return schema


def _graph(full: dict[str, Any]) -> dict[str, Any]:
    short = {
        "type": "object",
        "description": "Short form: {GENERATOR: {parameters}}, e.g. {watts_strogatz: {k: 4, p: 0.1}}.",
        "properties": {name: {"type": ["object", "null"]} for name in get_args(Generator)},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"description": full.get("description", ""), "anyOf": [full, short]}


def _activation(full: dict[str, Any]) -> dict[str, Any]:
    short = {
        "type": "object",
        "description": "Short form: {KIND: {parameters}}, e.g. {groups: {size: 4}}.",
        "properties": {name: {"type": ["object", "null"]} for name in get_args(Activation)},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"description": full.get("description", ""), "anyOf": [full, short]}


def _arm_entry() -> dict[str, Any]:
    """One arm of a list: a name, a control with its kind, a named patch, or the full form."""
    patch = {
        "type": ["object", "null"],
        "description": "Parts that differ in this arm.",
        "properties": {name: {"type": ["object", "null"]} for name in PATCHABLE},
        "additionalProperties": False,
    }
    short = {
        "type": "object",
        "properties": {
            "shuffled": {"enum": ["permute_people", "rewire"]},
            "yoked": {
                "anyOf": [
                    {"type": "object", "properties": {"world": {"const": "other_replicate"}}, "required": ["world"]},
                    {"type": "object", "properties": {"messages": {"type": "string"}}, "required": ["messages"]},
                ]
            },
        },
        "additionalProperties": patch,
        "minProperties": 1,
        "maxProperties": 1,
    }
    name = {"type": "string", "description": "`treatment` (the world as declared), `alone`, or another name for it."}
    return {"anyOf": [name, {"$ref": "#/$defs/ArmSpec"}, short]}


def _arms(full: dict[str, Any]) -> dict[str, Any]:
    entry = {"$ref": "#/$defs/ArmEntry"}
    mapping = {
        "type": "object",
        "description": "Arms by name: {NAME: patch, …}.",
        "additionalProperties": {"type": ["object", "null", "string"]},
    }
    return {
        "description": "Variants of the whole world: a list of names, controls and patches, or a mapping from name to patch.",
        "default": full.get("default"),
        "anyOf": [{"type": "array", "items": entry, "minItems": 1}, mapping],
    }
