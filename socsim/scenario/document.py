"""YAML text to plain data in which every value knows its line and column.

YAML 1.2, core schema. The text is untrusted: anchors and aliases, tags, directives, several documents, duplicate keys, deep
nesting and large files are refused, so a small file can neither grow large nor name anything to be built. Keys are always
text. It knows nothing of scenarios.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from socsim.errors import Problem, ScenarioError

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Document", "Node", "Path", "parse_document"]

MAX_BYTES = 2_000_000
MAX_DEPTH = 30
MAX_NODES = 200_000
_MAX_DIGITS = 300

Path = tuple[str | int, ...]

_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INF = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)\Z")


@dataclass(slots=True)
class Node:
    """A value with its place: ``value`` is text, number, truth value, None, a list of nodes or a dict of nodes.

    ``raw`` is a scalar as written, ``plain`` whether it stood without quotes, ``key_place`` where the key of it stands.
    """

    value: Any
    line: int
    column: int
    raw: str = ""
    plain: bool = False
    key_place: tuple[int, int] | None = None

    @property
    def data(self) -> Any:
        """The value as plain lists, dicts and scalars."""
        if isinstance(self.value, dict):
            return {key: node.data for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.data for node in self.value]
        return self.value

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Every node below this one, with its path."""
        yield path, self
        if isinstance(self.value, dict | list):
            for key, child in self.value.items() if isinstance(self.value, dict) else enumerate(self.value):
                yield from child.walk((*path, key))


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file."""

    file: str
    root: Node

    def problem(self, node: Node, message: str, path: Path = (), fix: str = "", *, at_key: bool = False) -> Problem:
        """A problem at a node, or at its key."""
        line, column = node.line, node.column
        if node.key_place and (at_key or node.key_place[0] != line):
            line, column = node.key_place
        return Problem(message, ".".join(str(part) for part in path), self.file, line, column, fix)


def parse_document(text: str, file: str) -> Document:
    """Parse the text of a scenario file.

    Args:
        text: the file's content.
        file: its name, for messages.

    Raises:
        ScenarioError: the text is not one plain YAML mapping; names line and column.
    """
    reader = _Reader(file)
    try:
        events = YAML(typ="safe", pure=True).parse(text)
        root = reader.read(events)
    except YAMLError as error:
        raise ScenarioError(_syntax_problem(error, file, text)) from error
    except (ValueError, OverflowError, IndexError, AssertionError, AttributeError) as error:
        # the scanner meets some malformed escapes, marks and directives with errors of Python's own
        raise ScenarioError(
            Problem("cannot be read as YAML", "", file, max(reader.line, 1), 1, f"Look near this line ({error})")
        ) from error
    if root is None or root.value is None:
        raise ScenarioError(Problem("the file is empty", "", file, 1, 1, "`socsim init` writes a file to start from"))
    if not isinstance(root.value, dict):
        raise ScenarioError(
            Problem("a scenario is a mapping (key: value)", "", file, root.line, root.column, "Begin with `socsim: 1`")
        )
    return Document(file, root)


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is being read."""

    node: Node
    key: str | None = None
    key_place: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class _Reader:
    """Builds the tree from parser events, without recursion."""

    file: str
    stack: list[_Frame] = field(default_factory=list)
    root: Node | None = None
    documents: int = 0
    nodes: int = 0
    line: int = 0

    def read(self, events: Iterator[Event]) -> Node | None:
        for event in events:
            self.line = event.start_mark.line + 1
            self._guard(event)
            if isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, MappingStartEvent):
                self._open(Node({}, *_place(event)))
            elif isinstance(event, SequenceStartEvent):
                self._open(Node([], *_place(event)))
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self.stack.pop()
        return self.root

    def _refuse(self, event: Event, message: str, fix: str) -> ScenarioError:
        return ScenarioError(Problem(message, "", self.file, *_place(event), fix))

    def _guard(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._refuse(
                    event, "the file holds several documents", "Write one scenario per file; remove the line `---`"
                )
            if event.tags or event.version not in (None, (1, 2)):
                raise self._refuse(event, "YAML directives are not used here", "Remove the lines that begin with %")
        if isinstance(event, AliasEvent):
            raise self._refuse(event, f"aliases (*{event.anchor}) are not used here", "Write the value out")
        if isinstance(event, NodeEvent):
            self.nodes += 1
            if event.anchor is not None:
                raise self._refuse(event, f"anchors (&{event.anchor}) are not used here", "Remove the anchor; write values out")
            if getattr(event, "ctag", None) is not None:
                raise self._refuse(event, "tags (!…) are not used here", "Remove the tag; quote the text if it begins with !")
            if self.nodes > MAX_NODES:
                raise self._refuse(
                    event, f"the file has more than {MAX_NODES} values", "Move data into a table beside the scenario"
                )

    def _scalar(self, event: ScalarEvent) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.node.value, dict) and top.key is None:
            self._key(event, top)
            return
        plain = bool(event.implicit[0])
        value = self._resolve(event) if plain else event.value
        if isinstance(value, str):
            self._readable(event, value)
        self._attach(Node(value, *_place(event), raw=event.value, plain=plain))

    def _key(self, event: ScalarEvent, top: _Frame) -> None:
        key = event.value
        self._readable(event, key)
        if key == "" and event.implicit[0]:
            raise self._refuse(event, "a key is empty", "Write `key: value`")
        if key == "<<" and event.implicit[0]:
            raise self._refuse(event, "merge keys (<<) are not used here", "Write the fields out")
        if key in top.node.value:
            first = top.node.value[key].key_place
            place = f" (first on line {first[0]})" if first else ""
            raise self._refuse(event, f"the key {key!r} stands twice{place}", "Keep one of them")
        top.key, top.key_place = key, _place(event)

    def _readable(self, event: ScalarEvent, text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self._refuse(event, "the text holds half of a surrogate pair", "Write the character itself") from None
        if "\x00" in text:
            raise self._refuse(event, "the text holds a null character", "Remove it")

    def _resolve(self, event: ScalarEvent) -> Any:
        text = event.value
        if _NULL.match(text):
            return None
        if _BOOL.match(text):
            return text.lower() == "true"
        if _NAN.match(text):
            raise self._refuse(event, f"{text} is not a number that can be used", "Give a number, or quote the text")
        if _INF.match(text):
            return float(text.replace(".", ""))
        if len(text) > _MAX_DIGITS and (_INT.match(text) or _HEX.match(text) or _OCTAL.match(text) or _FLOAT.match(text)):
            raise self._refuse(event, f"a number with {len(text)} digits", "Give a shorter number, or quote the text")
        if _INT.match(text):
            return int(text)
        if _OCTAL.match(text):
            return int(text[2:], 8)
        if _HEX.match(text):
            return int(text[2:], 16)
        return float(text) if _FLOAT.match(text) else text

    def _open(self, node: Node) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.node.value, dict) and top.key is None:
            raise ScenarioError(
                Problem(
                    "a key must be one piece of text",
                    "",
                    self.file,
                    node.line,
                    node.column,
                    "Quote {…} and […] where text is meant",
                )
            )
        if len(self.stack) >= MAX_DEPTH:
            raise ScenarioError(
                Problem(
                    f"nested deeper than {MAX_DEPTH} levels", "", self.file, node.line, node.column, "No field lies that deep"
                )
            )
        self._attach(node)
        self.stack.append(_Frame(node))

    def _attach(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if isinstance(top.node.value, list):
            top.node.value.append(node)
        elif top.key is not None:
            node.key_place = top.key_place
            top.node.value[top.key] = node
            top.key = None


def _place(event: Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _character(error: YAMLError) -> str:
    """The character that the reader cannot use, by its number."""
    found = getattr(error, "character", 0)
    return f"the character U+{(found if isinstance(found, int) else ord(str(found)[:1] or chr(0))):04X}"


def _syntax_problem(error: YAMLError, file: str, text: str) -> Problem:
    if isinstance(error, MarkedYAMLError):
        begun, mark = error.context_mark, error.problem_mark or error.context_mark
        if begun is not None and "end of stream" in str(error.problem):
            mark = begun
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        message = " ".join(part for part in (error.context, error.problem) if part)
        if begun is not None and begun.line + 1 != line:
            message += f" (begun on line {begun.line + 1})"
    else:
        position = getattr(error, "position", 0)
        before = text[:position] if isinstance(position, int) else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"{_character(error)} cannot be used" if hasattr(error, "character") else str(error)
    lines = text.splitlines()
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in shown[: len(shown) - len(shown.lstrip())] or "'\\t'" in message:
        fix = "Indent with spaces, not with tabs"
    elif hasattr(error, "character"):
        fix = 'Remove it, or write it as an escape in a double-quoted text ("\\t")'
    elif "flow mapping" in message or "flow sequence" in message:
        fix = "Close every bracket, put commas between entries, and quote texts that contain `:`, `,` or brackets"
    elif "mapping values are not allowed" in message or "could not find expected ':'" in message:
        fix = "Check the indentation, and quote texts that contain `: ` or ` #`"
    else:
        fix = "Check quotes, brackets and indentation near this line"
    return Problem(f"not valid YAML: {message}", "", file, line, column, fix)
