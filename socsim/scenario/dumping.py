"""A scenario as YAML text that loads to an equal scenario, with every default written out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from socsim.scenario.root import Scenario

__all__ = ["dump_scenario", "plain_data"]

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*\Z")
_NEVER_BARE = re.compile(r"(?i)(?:y|n|yes|no|on|off|true|false|null|nan|inf|e\d+)\Z")
_BLOCK = re.compile(r"(?!\s)[\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff\n]*\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def dump_scenario(scenario: Scenario) -> str:
    """YAML text of a scenario. `load_scenario` of it gives an equal scenario.

    Example:
        >>> from socsim.scenario import Scenario
        >>> spec = Scenario(socsim=1, name="poll", population={"size": 3}, schedule=({"phase": "ask"},))
        >>> dump_scenario(spec).splitlines()[:2]
        ['socsim: 1', 'name: poll']
    """
    return "\n".join(_mapping(plain_data(scenario), 0)) + "\n"


def plain_data(value: Any) -> Any:
    """Plain dicts, lists and scalars of a spec; fields without content (None, or empty as by default) are left out."""
    if isinstance(value, BaseModel):
        data: dict[str, Any] = {}
        for name, field in type(value).model_fields.items():
            part = getattr(value, name)
            default = field.get_default(call_default_factory=True)
            if part == default and (part is None or part in ((), {}, "")):
                continue
            written = plain_data(part)
            if written != {} or part != default:
                data[field.alias or name] = written
        return data
    if isinstance(value, Mapping):
        return {str(key): plain_data(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(part) for part in value]
    return value


def _mapping(data: Mapping[str, Any], indent: int) -> Iterator[str]:
    for key, value in data.items():
        head = _text(key)
        if len(head) > 500:
            yield f"{' ' * indent}? {head}"
            head = ""
        yield from _entry(f"{' ' * indent}{head}:", value, indent + 2)


def _entry(head: str, value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield head
        yield from _mapping(value, indent)
    elif isinstance(value, list) and value and not all(_is_short(part) for part in value):
        yield head
        for part in value:
            yield from _item(part, indent)
    elif isinstance(value, str) and "\n" in value and _BLOCK.match(value) and not value.endswith(("\n", " ")):
        yield f"{head} |-"
        yield from ((" " * indent + line) if line else "" for line in value.split("\n"))
    else:
        yield f"{head} {_flow(value)}"


def _item(value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        lines = list(_mapping(value, indent + 2))
        yield f"{' ' * indent}- {lines[0].lstrip()}"
        yield from lines[1:]
    else:
        yield f"{' ' * indent}- {_flow(value)}"


def _is_short(value: Any) -> bool:
    return not isinstance(value, Mapping | list) and len(str(value)) <= 40


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(part) for part in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    if isinstance(value, int | float):
        return repr(value)
    return _text(str(value), key=False)


def _text(text: str, *, key: bool = True) -> str:
    """Bare where every reader of YAML takes it for text, else in double quotes."""
    if _BARE.match(text) and not _NEVER_BARE.match(text) and (key or len(text) <= 60):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
