"""Values that follow a JSON schema, for engines that stand in for a model. They mean nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from socsim.inference.types import Request

__all__ = ["constrained_stand_in", "instance_of"]


def constrained_stand_in(request: Request) -> str:
    """A JSON text that follows a request's constraint, without the beginning of the reply that the prompt gives already."""
    text = orjson.dumps(instance_of(orjson.loads(request.constraint))).decode()
    last = request.segments[-1] if request.segments else None
    begun = last.text.strip() if last is not None and last.role == "assistant" else ""
    return text.removeprefix(begun) if begun else text


def instance_of(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> Any:
    """A small value that follows a JSON schema of the kinds that pydantic writes.

    Example:
        >>> instance_of({"type": "object", "properties": {"a": {"type": "number", "minimum": 2}}, "required": ["a"]})
        {'a': 2}
    """
    root = root or schema
    if "$ref" in schema:
        target: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        return instance_of(target, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return instance_of(schema[choice][0], root)
    return _typed(schema, root)


def _typed(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    kind = schema.get("type", "object")
    if kind == "object":
        names: Sequence[str] = schema.get("required", list(schema.get("properties", {})))
        if _shares(schema, names):
            return {name: 100 // len(names) + (number < 100 % len(names)) for number, name in enumerate(names)}
        return {name: instance_of(schema.get("properties", {}).get(name, {"type": "string"}), root) for name in names}
    if kind == "array":
        count = max(1, int(schema.get("minItems", 1)))
        items = schema.get("prefixItems") or [schema.get("items", {"type": "string"})] * count
        return [instance_of(item, root) for item in items]
    if kind in ("number", "integer"):
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        return low + ("exclusiveMinimum" in schema) if low is not None else min(1, schema.get("maximum", 1))
    return {"string": "text", "boolean": True, "null": None}.get(str(kind), "text")


def _shares(schema: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Whether an object's numbers are percentages, which must add up to a hundred."""
    properties = [schema.get("properties", {}).get(name, {}) for name in names]
    return len(names) > 1 and all(one.get("type") in ("integer", "number") and one.get("maximum") == 100 for one in properties)
