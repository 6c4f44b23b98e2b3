"""Pieces of HTML as values: everything that is not `Html` is escaped where it is put into a page.

Texts of personas, models, scenarios and files are data; none of them can become markup or code.
"""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = [
    "Html",
    "bullets",
    "count",
    "definitions",
    "element",
    "escaped",
    "join",
    "numeral",
    "paragraph",
    "percent",
    "plural",
    "printable",
    "rows_table",
    "section",
    "signed",
]

MISSING = "missing"


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def escaped(content: str | Html) -> Html:
    """``content`` as markup: as it is if it is `Html`, else with every special character escaped."""
    return content if isinstance(content, Html) else Html(html.escape(printable(content), quote=True))


def printable(text: str) -> str:
    """Without what HTML forbids or what could turn around the reading direction of what follows.

    Spaces of all widths and the two joiners that scripts and emoji need are kept.
    """
    return "".join(letter if _kept(letter) else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _kept(letter: str) -> bool:
    return letter.isprintable() or letter in "\n\t\u200c\u200d" or unicodedata.category(letter) == "Zs"


def join(parts: Iterable[str | Html], separator: str = "") -> Html:
    """Parts one after another, each escaped unless it is markup."""
    return Html(str(escaped(separator)).join(str(escaped(part)) for part in parts))


def element(tag: str, *content: str | Html, **attributes: str) -> Html:
    """``<tag …>content</tag>``; an attribute ``class_`` is written ``class``, an underscore inside a name as a hyphen."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(printable(value), quote=True)}"'
        for name, value in attributes.items()
    )
    return Html(f"<{tag}{written}>{join(content)}</{tag}>")


def paragraph(*content: str | Html, **attributes: str) -> Html:
    """A paragraph."""
    return element("p", *content, **attributes)


def section(identifier: str, title: str, *content: str | Html) -> Html:
    """A section with its heading, reachable as ``#identifier``."""
    return element("section", element("h2", title), *content, id=identifier)


def definitions(pairs: Iterable[tuple[str, str | Html]]) -> Html:
    """Names and what they stand for."""
    return element("dl", *(join([element("dt", name), element("dd", value)]) for name, value in pairs))


def bullets(texts: Iterable[str | Html]) -> Html:
    """A list."""
    return element("ul", *(element("li", text) for text in texts))


def rows_table(caption: str | Html, headers: Sequence[str], rows: Iterable[Sequence[str | Html]], words: int = 1) -> Html:
    """A table that scrolls sideways where it is too wide.

    Args:
        caption: what it shows, with n and units.
        headers: one per column.
        rows: cells, as many as headers.
        words: so many columns from the left hold words, the others numbers, which are set flush right.
    """
    kinds = ["word" if column < words else "number" for column in range(len(headers))]
    head = element("tr", *(element("th", h, scope="col", class_=kind) for h, kind in zip(headers, kinds, strict=True)))
    body = [element("tr", *(element("td", c, class_=kind) for c, kind in zip(row, kinds, strict=True))) for row in rows]
    table = element("table", element("caption", caption), element("thead", head), element("tbody", *body))
    return element("div", table, class_="scroll")


def numeral(value: float, digits: int = 2) -> str:
    """A number with a true minus sign; "missing" for NaN."""
    if value is None or math.isnan(value):
        return MISSING
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", "\N{MINUS SIGN}")


def signed(value: float, digits: int = 2) -> str:
    """A difference: always with its sign; "missing" for NaN."""
    text = numeral(value, digits)
    return text if text == MISSING or text.startswith("\N{MINUS SIGN}") or not text.strip("0.,") else f"+{text}"


def count(value: float) -> str:
    """A whole number with commas between thousands; "missing" for NaN."""
    return numeral(value, 0)


def interval_text(low: float, high: float, digits: int = 3) -> str:
    """``0.1 to 0.2``; "none" where there is no interval."""
    return "none" if math.isnan(low) else f"{numeral(low, digits)} to {numeral(high, digits)}"


def plural(number: int, word: str, many: str | None = None) -> str:
    """``1 world``, ``2 worlds``."""
    return f"{count(number)} {word if number == 1 else many or word + 's'}"


def percent(share: float, digits: int = 1) -> str:
    """A share between 0 and 1 as a percentage; "missing" for NaN. What is not zero never reads as zero."""
    if math.isnan(share):
        return MISSING
    least = 10.0**-digits
    if 0.0 < share * 100 < least / 2:
        return f"< {least:g} %"
    return f"{numeral(share * 100, digits)} %"
