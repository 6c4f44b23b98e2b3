"""Markdown in which texts of a run are data: nothing that a persona, model or file says becomes markup, link, image or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from socsim_analysis.markup import printable

__all__ = ["md_code_block", "md_inline_code", "md_list", "md_table", "md_text"]

_SPECIAL = re.compile(r"([\\`*\[\]|~$])")
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_FIRST = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+=](?=[\s=-]|$)|\d+(?=[.)](?:\s|$))|:(?=\s))")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def md_text(text: str) -> str:
    """A text as one line of Markdown that reads as it is written: special characters escaped, line ends as blanks.

    Example:
        >>> md_text("a *b* <img src=x> [c](d)")
        'a \\\\*b\\\\* &lt;img src=x&gt; \\\\[c\\\\](d)'
    """
    line = " ".join(printable(text).split())
    line = "".join(_ENTITIES.get(letter, letter) for letter in line)
    line = _UNDERSCORE.sub(r"\\_", _SPECIAL.sub(r"\\\1", line))
    return _FIRST.sub(_at_the_start, line)


def _at_the_start(match: re.Match[str]) -> str:
    """What would begin a heading, a list or a line, so that it does not."""
    blank, mark = match.groups()
    return f"{blank}{mark}\\" if mark.isdigit() else f"{blank}\\{mark}"


def md_inline_code(text: str) -> str:
    """A text as code within a line; the fence is longer than any run of backticks in it."""
    line = " ".join(printable(text).split())
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", line)), default=0))
    pad = " " if "`" in line or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def md_code_block(text: str) -> str:
    """A text word for word in a block of code."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{printable(text)}\n{fence}"


def md_list(lines: Iterable[str]) -> str:
    """A list of lines that are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def md_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; an empty one where there are no columns."""
    if not headers:
        return ""
    lines = [_row(headers), _row(["---"] * len(headers)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
