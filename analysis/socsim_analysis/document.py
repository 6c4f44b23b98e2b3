"""The page as a document: its statements, tables and figures, read from the very markup that the page is made of.

So whatever is written from it (Markdown, JSON, CSV) has the words and numbers of the page, without computing any of them again.
Knows the few elements that `socsim_analysis.markup` and the sections write; scripts and the list of contents are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal

from socsim_analysis.markup import Html

__all__ = ["Block", "Span", "plain", "read_blocks"]

Kind = Literal["title", "section", "heading", "paragraph", "item", "term", "definition", "quote", "code", "table", "figure"]
_KINDS: Mapping[str, Kind] = {
    "h1": "title",
    "h2": "section",
    "h3": "heading",
    "p": "paragraph",
    "li": "item",
    "dt": "term",
    "dd": "definition",
    "blockquote": "quote",
    "pre": "code",
    "summary": "heading",
    "figcaption": "figure",
}
_CELLS = ("td", "th", "caption")
_STYLES = ("b", "code", "a")


@dataclass(frozen=True)
class Span:
    """A piece of text and how it is set: ``b``, ``code``, ``a`` or ""."""

    text: str
    style: str = ""
    href: str = ""


@dataclass
class Block:
    """A statement, a table or a figure, in the order of the page."""

    kind: Kind
    spans: list[Span] = field(default_factory=list)
    """The text; of a table and a figure, its caption."""
    role: str = ""
    """Class of a paragraph on the page, e.g. ``verdict``."""
    headers: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text without any setting."""
        return plain(self.spans, keep_lines=self.kind == "code")


def plain(spans: list[Span], *, keep_lines: bool = False) -> str:
    """Spans as text, with single blanks between words unless lines are kept."""
    text = "".join(span.text for span in spans)
    return text if keep_lines else " ".join(text.split())


def read_blocks(part: Html) -> list[Block]:
    """Blocks of a part of the page, in order; the first of a section is its title."""
    reader = _Reader()
    reader.feed(part)
    reader.close()
    reader.flush()
    return reader.blocks


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._open: Block | None = None
        self._table: Block | None = None
        self._row: list[str] = []
        self._cell: list[Span] | None = None
        self._styles: list[Span] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "nav"):
            self._skipped += 1
        elif tag == "span" and given.get("class", "").startswith("badge") and self._open is not None:
            self._open.spans.append(Span("– "))
        elif tag in _STYLES:
            self._styles.append(Span("", tag, given.get("href", "")))
        elif tag == "table":
            self.flush()
            self._table = Block("table")
        elif tag in _CELLS:
            self._cell = []
        elif tag in _KINDS:
            self.flush()
            self._open = Block(_KINDS[tag], role=given.get("class", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "nav"):
            self._skipped -= 1
        elif tag in _STYLES and self._styles:
            self._styles.pop()
        elif tag in _CELLS and self._table is not None and self._cell is not None:
            self._close_cell(tag, self._table, self._cell)
        elif tag == "tr" and self._table is not None:
            if self._row:
                self._table.rows.append(self._row)
            self._row = []
        elif tag == "table" and self._table is not None:
            self.blocks.append(self._table)
            self._table = None
        elif tag in _KINDS or tag in ("section", "header", "div"):
            self.flush()

    def _close_cell(self, tag: str, table: Block, cell: list[Span]) -> None:
        if tag == "caption":
            table.spans = cell
        elif tag == "th":
            table.headers.append(plain(cell))
        else:
            self._row.append(plain(cell))
        self._cell = None

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        style = self._styles[-1] if self._styles else Span("")
        span = Span(data, style.style, style.href)
        if self._cell is not None:
            self._cell.append(span)
            return
        if self._open is None:
            if not data.strip():
                return
            self._open = Block("paragraph")
        self._open.spans.append(span)

    def flush(self) -> None:
        """End the block that is open; one without text is dropped."""
        if self._open is not None and self._open.text.strip():
            self.blocks.append(self._open)
        self._open = None
