"""From a field of a scenario to the place in its file, and to the spelling that was probably meant."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from socsim.errors import Problem
from socsim.scenario.document import Document, Node, Path

__all__ = ["Places", "allowed_fields", "listed", "nearest"]


class Places:
    """Where the fields of one document stand.

    Paths are of the *parsed* scenario; short forms (arms by name, ``{watts_strogatz: …}``) are followed back to what was
    written, and branch labels of unions are passed over.
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def follow(self, path: Path) -> tuple[Path, Node, bool]:
        """The written path, the deepest node that exists on it, and whether that is the whole path."""
        node: Node = self.document.root
        written: Path = ()
        for index, part in enumerate(path):
            if isinstance(part, str) and part.startswith("<") and part.endswith(">"):
                continue
            step = _step(node, part, written)
            if step is None:
                return (*written, *_rest(path[index:])), node, False
            written, node = step
        return written, node, True

    def problem(self, path: Path, message: str, fix: str = "", *, at_key: bool = False) -> Problem:
        """A problem of a field: at its value, at its key, or at what is nearest above it."""
        written, node, whole = self.follow(path)
        return self.document.problem(node, message, written, fix, at_key=at_key or not whole)

    def raw(self, path: Path) -> Node | None:
        """The node of a field, if it was written."""
        _, node, whole = self.follow(path)
        return node if whole else None


def _rest(path: Path) -> Path:
    return tuple(part for part in path if not (isinstance(part, str) and part.startswith("<")) and part != "[key]")


def _step(node: Node, part: str | int, written: Path) -> tuple[Path, Node] | None:
    value = node.value
    index = int(part) if isinstance(part, int) or (part.isdecimal() and len(part) < 7) else None
    if isinstance(value, list):
        return ((*written, index), value[index]) if index is not None and index < len(value) else None
    if not isinstance(value, dict):
        return None
    if part in value:
        return (*written, part), value[str(part)]
    if index is not None:
        keys = list(value)
        return ((*written, keys[index]), value[keys[index]]) if index < len(keys) else None
    if written == ("items",) and "for_each" in value and "template" in value:
        return (*written, "template"), value["template"]
    short = {"parameters", "generator"} if written[-1:] == ("graph",) else {"shuffle", "yoke", "patch"}
    if written[:1] == ("arms",) and isinstance(written[-1], str) and part == "patch":
        return written, node
    if len(value) == 1 and part in short and (written[-1:] == ("graph",) or written[:1] == ("arms",)):
        ((key, child),) = value.items()
        return (*written, key), child
    return None


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that ``word`` is probably a misspelling of (ratio of matching characters at least 0.6), if any."""
    choices = list(words)
    folded = {choice.casefold().replace("-", "_"): choice for choice in choices}
    found = difflib.get_close_matches(word.casefold().replace("-", "_"), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def listed(word: object, words: Iterable[str], what: str = "Allowed") -> str:
    """The advice for a word that is none of ``words``."""
    choices = list(words)
    near = nearest(word, choices) if isinstance(word, str) else None
    shown = ", ".join(choices[:30]) + (" …" if len(choices) > 30 else "")
    advice = f"{what}: {shown}" if choices else f"{what}: none"
    return f"Did you mean {near!r}? {advice}" if near else advice


def allowed_fields(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Names of the fields allowed in the mapping at ``path`` of a parsed ``model``; empty where it is no declared part."""
    current: list[Any] = [model]
    for part in path:
        current = _inside(current, part)
    names: dict[str, None] = {}
    for kind in current:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= {field.alias or name: None for name, field in kind.model_fields.items()}
    return tuple(names)


def _inside(kinds: list[Any], part: str | int) -> list[Any]:
    if isinstance(part, str) and part.startswith("<"):
        return kinds
    found: list[Any] = []
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                if part in (name, field.alias):
                    found += _branches(field.annotation)
        elif get_origin(kind) is tuple and isinstance(part, int):
            found += _branches(get_args(kind)[0])
        elif get_origin(kind) is dict:
            found += _branches(get_args(kind)[1])
    return found


def _branches(kind: Any) -> list[Any]:
    origin = get_origin(kind)
    if origin is Annotated:
        return _branches(get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return [branch for part in get_args(kind) for branch in _branches(part)]
    return [] if origin is Literal or kind is type(None) else [kind]
