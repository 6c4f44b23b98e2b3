"""Entries of a reporting checklist: what is known, what a person must write, and both as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from socsim_analysis.markdown import md_list, md_text

__all__ = ["Entry", "blanks", "entry_text", "named", "said", "shown_list", "to_write"]

_BLANK = "[to be written: "
_MARKED = re.compile(r"\*\*\[to be written: ")


@dataclass(frozen=True)
class Entry:
    """One item of a checklist."""

    title: str
    """Of our own, never of a run; with its code where it has one."""
    lines: Sequence[str] = ()
    """Markdown, one statement each."""
    blocks: Sequence[str] = field(default_factory=tuple)
    """Markdown that stands below the statements: tables, texts word for word."""
    within: bool = False
    """Whether it is a part of the entry before it."""


def to_write(what: str) -> str:
    """A mark where a person must write, as Markdown; nothing in a run folder can look like it, as brackets are escaped."""
    return f"**{_BLANK}{md_text(what)}]**"


def said(text: str) -> str:
    """A statement of plain text, escaped."""
    return md_text(text)


def named(name: str, text: str) -> str:
    """``name: text`` with the name set off; both escaped."""
    return f"{md_text(name)}: {md_text(text)}"


def shown_list(texts: Iterable[str], most: int = 20) -> str:
    """Texts after one another; of many the first, and how many more."""
    listed = [" ".join(str(text).split()) for text in texts]
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")


def entry_text(entry: Entry, level: int) -> str:
    """An entry as Markdown under a heading of a level."""
    parts = [f"{'#' * level} {entry.title}"]
    if entry.lines:
        parts.append(md_list(entry.lines))
    return "\n\n".join((*parts, *entry.blocks))


def blanks(text: str) -> int:
    """How many marks there are in a Markdown text."""
    return len(_MARKED.findall(text))
