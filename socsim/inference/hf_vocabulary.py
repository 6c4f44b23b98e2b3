"""The bytes of every token of a Hugging Face tokenizer, for finding tokens by the text that they begin with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["token_bytes"]

_BYTE = re.compile(r"<0x([0-9A-F]{2})>\Z")


def token_bytes(tokenizer: Any) -> dict[int, bytes]:
    """Bytes by token; nothing for control tokens.

    Two ways of writing them are known: characters that stand for bytes (GPT-2 and its followers), and text with a mark for
    blanks (SentencePiece). Which one it is shows in how the tokenizer writes a blank.

    Args:
        tokenizer: a tokenizer of the transformers library.
    """
    vocabulary: Mapping[str, int] = tokenizer.get_vocab()
    controls = set(tokenizer.all_special_ids)
    letters = _byte_letters()
    of_bytes = "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}" in vocabulary
    read = _from_letters if of_bytes else _from_text
    return {number: read(token, letters) for token, number in vocabulary.items() if number not in controls}


def _from_letters(token: str, letters: Mapping[str, int]) -> bytes:
    if all(letter in letters for letter in token):
        return bytes(letters[letter] for letter in token)
    return token.encode()


def _from_text(token: str, _: Mapping[str, int]) -> bytes:
    found = _BYTE.match(token)
    return bytes([int(found[1], 16)]) if found else token.replace("\N{LOWER ONE EIGHTH BLOCK}", " ").encode()


def _byte_letters() -> dict[str, int]:
    """GPT-2's letters for bytes: printable ones stand for themselves, the others for letters from 256 on."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}
