"""Content-addressed parts of prompts: each text and each run of tokens is stored once, calls refer to it by number.

`PartWriter` finds or makes the number of a part, `PartReader` gives the part back. Both remember what they have met lately.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from socsim.errors import RecordError
from socsim.inference.types import TokenPiece
from socsim.record.ahead import Ahead
from socsim.record.lately import Lately
from socsim.record.packing import content_hash, pack_ids, pack_refs, pack_text, unpack_ids, unpack_refs, unpack_text

__all__ = ["PartReader", "PartWriter"]

_TEXTS = 32_768
_PIECES = 8_192


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class PartWriter:
    """Numbers of parts, new ones inserted on the way. Used by the thread that owns the connection, inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._texts: Lately[str, int] = Lately(_TEXTS)
        self._pieces: Lately[TokenPiece, int] = Lately(_PIECES)

    def forget(self) -> None:
        """Forget all numbers; needed when a transaction that made some was undone."""
        self._texts.clear()
        self._pieces.clear()

    def text(self, text: str) -> int:
        """Number of a text."""
        number = self._texts.get(text)
        if number is None:
            name = content_hash(_encoded(text))
            number = self._number("texts", "(hash, body) VALUES (?, ?)", name, pack_text(text))
            self._texts.put(text, number)
        return number

    def piece(self, piece: TokenPiece, known: Sequence[str]) -> int:
        """Number of a run of tokens, whose text is stored through ``known`` texts where these make it up."""
        number = self._pieces.get(piece)
        if number is None:
            ids = pack_ids(piece.ids)
            name = content_hash(_encoded(piece.text), ids, bytes([piece.template]))
            parts = pack_refs(self.text(part) for part in _split(piece.text, known))
            values = "(hash, template, texts, ids) VALUES (?, ?, ?, ?)"
            number = self._number("pieces", values, name, int(piece.template), parts, ids)
            self._pieces.put(piece, number)
        return number

    def _number(self, table: str, values: str, name: bytes, *others: object) -> int:
        """Number of the part with this name, which is inserted unless it is there."""
        execute = self._connection.execute
        added = execute(f"INSERT INTO {table} {values} ON CONFLICT (hash) DO NOTHING", (name, *others))
        if added.rowcount == 1 and added.lastrowid is not None:
            return added.lastrowid
        (number,) = execute(f"SELECT id FROM {table} WHERE hash = ?", (name,)).fetchone()
        return int(number)


def _split(text: str, known: Sequence[str]) -> list[str]:
    """The text as a sequence of known texts with what stands between them."""
    parts: list[str] = []
    rest = text
    for part in known:
        before, found, after = rest.partition(part) if part else (rest, "", "")
        if found:
            parts += [before, found] if before else [found]
            rest = after
    return [*parts, rest] if rest or not parts else parts


class PartReader:
    """Parts by number. Safe to share between threads that hold the same lock around the connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._texts: Lately[int, str] = Lately(_TEXTS)
        self._pieces: Lately[int, TokenPiece] = Lately(_PIECES)
        self._stored_texts = Ahead(lambda first, last: self._block("body, id FROM texts", first, last))
        self._stored_pieces = Ahead(lambda first, last: self._block("template, texts, ids, id FROM pieces", first, last))

    def prefetch(self) -> None:
        """Read all parts at once, as stored; faster where most of them will be asked for."""
        self._stored_texts.hold(self._connection.execute("SELECT body, id FROM texts"))
        self._stored_pieces.hold(self._connection.execute("SELECT template, texts, ids, id FROM pieces"))

    def text(self, number: int) -> str:
        """The text with this number."""
        text = self._texts.get(number)
        if text is None:
            text = unpack_text(self._known(self._stored_texts.take(number), number)[0])
            self._texts.put(number, text)
        return text

    def piece(self, number: int) -> TokenPiece:
        """The run of tokens with this number."""
        piece = self._pieces.get(number)
        if piece is None:
            template, texts, ids, _ = self._known(self._stored_pieces.take(number), number)
            text = "".join([self.text(part) for part in unpack_refs(texts)])
            piece = TokenPiece(text, unpack_ids(ids), bool(template))
            self._pieces.put(number, piece)
        return piece

    def _block(self, columns: str, first: int, last: int) -> list[tuple[Any, ...]]:
        return self._connection.execute(f"SELECT {columns} WHERE id BETWEEN ? AND ?", (first, last)).fetchall()

    @staticmethod
    def _known(row: tuple[Any, ...] | None, number: int) -> tuple[Any, ...]:
        if row is None:
            raise RecordError(f"the record is damaged: part {number} of a prompt is missing.")
        return row
