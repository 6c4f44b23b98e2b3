"""Answer options and level names must be text for every reader of YAML, so the risky ones must be quoted.

Bare ``no``, ``12:30``, ``007`` or ``1_000`` are text to one reader of YAML and a truth value, a number of seconds or an octal
number to another.
"""

from __future__ import annotations

import re

from socsim.errors import Problem
from socsim.scenario.document import Document, Node, Path

__all__ = ["bare_words", "empty_fields"]

_EXPONENT = r"(?:[eE][-+]?[0-9]+)?"
_NUMBER = re.compile(
    r"[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?\.(?:inf|Inf|INF)"  # other bases, infinity
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"  # base 60
    rf"|(?:[-+][0-9_]+|[0-9][0-9_]*){_EXPONENT}|[-+]?[0-9][0-9_]*\.[0-9_]*{_EXPONENT}|[-+]?\.[0-9_]+{_EXPONENT}"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?\Z")
_TRUTH = {"y", "n", "yes", "no", "on", "off", "true", "false"}
_LISTS = {"options", "non_answers", "cloze_options"}


def bare_words(document: Document) -> dict[Path, Problem]:
    """A problem for each option, non-answer or level that stands without quotes and is not safely text."""
    problems: dict[Path, Problem] = {}
    for path, node in document.root.walk():
        if not node.plain or not _is_word(path):
            continue
        other = _other_reading(node)
        if other:
            fix = f'Put it in quotes: "{node.raw}"' if node.raw else 'Write the text, in quotes: "…"'
            shown = f"bare `{node.raw}`" if node.raw else "an empty entry"
            problems[path] = document.problem(node, f"{shown} is {other} to some readers of YAML, not text", path, fix)
    return problems


def empty_fields(document: Document) -> dict[Path, Problem]:
    """A problem for each field without a value; an arm or a graph without parameters may be empty."""
    problems: dict[Path, Problem] = {}
    for path, node in document.root.walk():
        empty = node.plain and node.raw == "" and node.key_place is not None
        if empty and path[:1] != ("arms",) and path[-2:-1] != ("graph",):
            problems[path] = document.problem(
                node, "the field has no value", path, "Write a value, {} for its defaults, or remove it"
            )
    return problems


def _is_word(path: Path) -> bool:
    if len(path) >= 3 and isinstance(path[-1], int) and path[-2] in _LISTS:
        return "items" in path[:-2]
    return len(path) == 4 and path[0] == "conditions" and path[2] == "levels" and isinstance(path[3], int)


def _other_reading(node: Node) -> str:
    text = node.raw
    if text.casefold() in ("", "~", "null"):
        return "nothing"
    if text.casefold() in _TRUTH:
        return "a truth value"
    if _DATE.match(text):
        return "a date"
    if _NUMBER.fullmatch(text) or (isinstance(node.value, int | float) and not isinstance(node.value, bool)):
        return "a number"
    return ""
