"""Compact, exact byte forms of texts, token ids, numbers and references. Knows nothing of what they mean."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence

__all__ = [
    "compress",
    "content_hash",
    "pack_floats",
    "pack_ids",
    "pack_refs",
    "pack_text",
    "unpack_floats",
    "unpack_ids",
    "unpack_refs",
    "unpack_text",
]

_SHORT = 96
_WIDTHS = {0: "H", 1: "I"}
_SMALL = 1 << 16
_ZLIB = 2


def content_hash(*parts: bytes) -> bytes:
    """16 bytes that name the content; parts are kept apart by their lengths."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()


def compress(data: bytes) -> bytes:
    """As `zlib.compress`, in a tenth of its time for short data: most of that goes into tables for a window of 32 KiB."""
    window = max(9, min(15, (len(data) - 1).bit_length()))
    state = zlib.compressobj(6, zlib.DEFLATED, window, min(9, window - 5))
    return state.compress(data) + state.flush()


def pack_text(text: str, short: int = _SHORT) -> str | bytes:
    """The text itself where it has at most ``short`` bytes, else compressed where that helps. Lone surrogates survive."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return compress(text.encode("utf-8", "surrogatepass"))
    if len(data) <= short:
        return text
    packed = compress(data)
    return packed if len(packed) < len(data) else text


def unpack_text(stored: str | bytes) -> str:
    """Inverse of `pack_text`."""
    return stored if isinstance(stored, str) else zlib.decompress(stored).decode("utf-8", "surrogatepass")


def pack_floats(values: Sequence[float]) -> bytes:
    """Eight bytes a number, little endian; every bit is kept, also of infinities and of not-a-number."""
    return struct.pack(f"<{len(values)}d", *values)


def unpack_floats(data: bytes) -> tuple[float, ...]:
    """Inverse of `pack_floats`."""
    return struct.unpack(f"<{len(data) // 8}d", data)


def pack_ids(ids: Sequence[int]) -> bytes:
    """Token ids (0 to 2^32 - 1) at two or four bytes each, little endian, compressed where that is shorter.

    The first byte tells the form: bit 0 four bytes instead of two, bit 1 compressed.
    """
    if not ids:
        return b""
    wide = int(max(ids) >= _SMALL)
    data = struct.pack(f"<{len(ids)}{_WIDTHS[wide]}", *ids)
    packed = compress(data) if len(data) > _SHORT else data
    return bytes([wide | _ZLIB]) + packed if len(packed) < len(data) else bytes([wide]) + data


def unpack_ids(stored: bytes) -> tuple[int, ...]:
    """Inverse of `pack_ids`."""
    if not stored:
        return ()
    form, data = stored[0], stored[1:]
    if form & _ZLIB:
        data = zlib.decompress(data)
    width = _WIDTHS[form & 1]
    return struct.unpack(f"<{len(data) // struct.calcsize('<' + width)}{width}", data)


def pack_refs(refs: Iterable[int]) -> bytes:
    """Non-negative integers, seven bits a byte, lowest first (LEB128)."""
    out = bytearray()
    for ref in refs:
        while ref > 0x7F:
            out.append(ref & 0x7F | 0x80)
            ref >>= 7
        out.append(ref)
    return bytes(out)


def unpack_refs(data: bytes) -> tuple[int, ...]:
    """Inverse of `pack_refs`."""
    if data.isascii():
        return tuple(data)
    refs: list[int] = []
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            refs.append(value)
            value = shift = 0
    return tuple(refs)
