"""Errors of the validation library, put into the words of a scenario file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from socsim.errors import Problem
from socsim.scenario.base import kind_of
from socsim.scenario.document import Node, Path
from socsim.scenario.people import ShippedNetwork
from socsim.scenario.places import Places, allowed_fields, listed, nearest
from socsim.scenario.root import Scenario

__all__ = ["found", "translated"]

_SECRET = {("inference", "key"), ("inference", "base_url")}
_QUOTED = re.compile(r"'([^']*)'")
_KINDS = {
    "text": "text",
    "list": "a list",
    "mapping": "a mapping (key: value)",
    "variants": "{any_of: […]}",
    "number": "a number",
    "nothing": "nothing",
}
_EXAMPLES: Mapping[str | int, str] = {
    "interaction": "Write none, or {kind: neighbours, see: messages}",
    "activation": "Write simultaneous, or {NAME: {…}} with the parameters of an activation",
    "orders": "Write both_directions, latin_square, fixed or {random: 4}",
    "levels": 'Write ["control", "treatment"], {LEVEL: TEXT, …} or {table: NAME, column: NAME}',
}
_BOUNDS = {
    "greater_than": ("greater than {gt}", "gt"),
    "greater_than_equal": ("at least {ge}", "ge"),
    "less_than": ("less than {lt}", "lt"),
    "less_than_equal": ("at most {le}", "le"),
}
_WANTED: Mapping[str, tuple[str, str]] = {
    "int_type": ("a whole number", "Write a whole number without quotes, e.g. 3"),
    "int_from_float": ("a whole number", "Write a whole number, e.g. 3"),
    "int_parsing": ("a whole number", "Write a whole number without quotes, e.g. 3"),
    "float_type": ("a number", "Write a number without quotes, e.g. 0.5"),
    "bool_type": ("true or false", "Write true or false, without quotes"),
    "tuple_type": ("a list", "Write [a, b], or one `- …` per line"),
    "list_type": ("a list", "Write [a, b], or one `- …` per line"),
    "dict_type": ("a mapping (key: value)", "Write {key: value}, or `key: value` lines indented below"),
    "model_type": ("a mapping (key: value)", "Write {key: value}, or `key: value` lines indented below"),
    "model_attributes_type": ("a mapping (key: value)", "Write {key: value}, or `key: value` lines indented below"),
}


def found(value: Any, raw: str = "") -> str:
    """What stands in the file, in words; long texts are cut."""
    kind = kind_of(value)
    if kind == "list":
        return "a list"
    if kind == "mapping":
        return "a mapping"
    if kind == "nothing":
        return "nothing"
    shown = raw or str(value)
    shown = shown if len(shown) <= 60 else shown[:59] + "…"
    return f"the {kind} {shown!r}" if kind == "text" else f"the {kind} {shown}"


def translated(error: ValidationError, places: Places, *, as_written: bool = True) -> list[Problem]:
    """One problem per mistake, each with its place, what was found and how to mend it.

    Args:
        error: what the validation library found.
        places: where the fields of the scenario stand.
        as_written: whether what was validated is what stands there, so that values are shown as they are written.
    """
    details = error.errors(include_url=False)
    paths = [tuple(part for part in detail["loc"] if part != "[key]") for detail in details]
    problems = []
    for detail, path in zip(details, paths, strict=True):
        deeper = any(len(other) > len(path) and other[: len(path)] == path for other in paths)
        if deeper and detail["type"] in ("too_short", "missing", "union_tag_not_found"):
            continue
        problems.append(_problem(detail, path, places, places.raw(path) if as_written else None))
    return problems


def _problem(detail: ErrorDetails, path: Path, places: Places, node: Node | None) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    what = "a value that is not shown" if path in _SECRET else found(detail["input"], node.raw if node else "")
    if kind == "missing" and isinstance(path[-1], int):
        count = "1 entry" if path[-1] == 1 else f"{path[-1]} entries"
        return places.problem(path[:-1], f"found {count}; one more is wanted", "Give one more entry, e.g. [0, 100] for a range")
    if kind == "missing":
        return places.problem(path, f"the field {path[-1]!r} is missing", f"Add `{path[-1]}: …`")
    if kind == "extra_forbidden":
        allowed = allowed_fields(Scenario, path[:-1])
        return places.problem(path, f"unknown field {path[-1]!r}", listed(path[-1], allowed, "Allowed here"), at_key=True)
    if kind == "literal_error":
        allowed = tuple(_QUOTED.findall(context["expected"])) or (str(context["expected"]),)
        at_key = detail["loc"][-1:] == ("[key]",)
        quoted = isinstance(detail["input"], str) and detail["input"] in allowed
        advice = f"Write {detail['input']} without quotes" if quoted else _shipped_graph(path, detail["input"])
        advice = advice or listed(detail["input"], allowed)
        return places.problem(path, f"found {what}, which is not known here", advice, at_key=at_key)
    if kind == "string_type":
        fix = f'Put it in quotes: "{node.raw}"' if node is not None and node.plain and node.raw else "Write a text"
        return places.problem(path, f"found {what}; text is wanted", fix)
    if kind in _WANTED:
        wanted, fix = _shape(kind, path)
        return places.problem(path, f"found {what}; {wanted} is wanted", fix)
    if kind in _BOUNDS:
        phrase, key = _BOUNDS[kind]
        wanted = phrase.format(**{key: context[key]})
        return places.problem(path, f"found {what}; it must be {wanted}", f"Give a number {wanted}")
    return _rare(detail, path, places, what, node)


def _shipped_graph(path: Path, word: Any) -> str:
    """Advice on a shipped network that is written as if it were a generator."""
    near = nearest(word, get_args(ShippedNetwork)) if path[-2:] == ("graph", "generator") and isinstance(word, str) else None
    return f"Shipped networks are written {{name: {near}}}" if near else ""


def _shape(kind: str, path: Path) -> tuple[str, str]:
    """What is wanted where another kind of value stands, and an example of it."""
    if path[0] == "arms" and len(path) == 2:
        return "a name, a control or {name: patch}", "Write treatment, alone, {shuffled: rewire} or {NAME: {…}}"
    if path[-1] == "graph":
        return "a graph", "Write {name: karate_club}, {watts_strogatz: {k: 4, p: 0.1}} or {file: FILE}"
    return _WANTED[kind]


def _rare(detail: ErrorDetails, path: Path, places: Places, what: str, node: Node | None) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = re.findall(r"<(\w+)>", str(context.get("expected_tags", "")))
        wanted = " or ".join(_KINDS.get(tag, tag) for tag in tags)
        if path and path[-1] in _EXAMPLES:
            return places.problem(path, f"found {what}; {wanted} is wanted", _EXAMPLES[path[-1]])
        quoted = (
            f'. If text is meant, put it in quotes: "{node.raw}"' if node and node.plain and node.raw and "text" in tags else ""
        )
        return places.problem(path, f"found {what}; {wanted} is wanted", f"Write {wanted}{quoted}")
    if kind in ("too_short", "too_long"):
        bound = context.get("min_length", context.get("max_length"))
        side = "at least" if kind == "too_short" else "at most"
        message = f"{context['actual_length']} entries; {side} {bound} wanted"
        return places.problem(path, message, f"Give {side} {bound}")
    if kind == "missing_argument" or kind.startswith("tuple"):
        return places.problem(path, f"found {what}; another number of entries is wanted", "Give a list of the stated length")
    if kind == "string_pattern_mismatch":
        return places.problem(
            path,
            f"found {what}, which cannot be used here",
            "Use letters, digits, `_`, `-` and `.`; begin with a letter or digit",
        )
    if kind == "value_error":
        message = detail["msg"].removeprefix("Value error, ")
        head, _, advice = message.partition(". ")
        return places.problem(path, head, advice or f"Mend `{path[-1] if path else 'the scenario'}`")
    return places.problem(path, f"found {what}: {detail['msg']}", "See `socsim schema` for what is allowed")
