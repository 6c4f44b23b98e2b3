"""Packed forms give back exactly what went in."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from socsim.record.packing import (
    content_hash,
    pack_floats,
    pack_ids,
    pack_refs,
    pack_text,
    unpack_floats,
    unpack_ids,
    unpack_refs,
    unpack_text,
)


@given(st.text(st.characters(exclude_categories=()), max_size=400))
def test_text(text: str) -> None:
    assert unpack_text(pack_text(text)) == text


@given(st.lists(st.floats(), max_size=40))
def test_floats_bit_for_bit(numbers: list[float]) -> None:
    again = unpack_floats(pack_floats(numbers))
    assert [struct.pack("<d", n) for n in again] == [struct.pack("<d", n) for n in numbers]


@given(st.lists(st.integers(0, 2**32 - 1), max_size=200))
def test_token_ids(ids: list[int]) -> None:
    assert unpack_ids(pack_ids(ids)) == tuple(ids)


@given(st.lists(st.integers(0, 2**63), max_size=60))
def test_references(refs: list[int]) -> None:
    assert unpack_refs(pack_refs(refs)) == tuple(refs)


def test_token_ids_of_small_vocabularies_take_two_bytes() -> None:
    assert len(pack_ids(range(40000, 40020))) == 41
    assert pack_ids(()) == b""


def test_content_hash_keeps_parts_apart() -> None:
    assert content_hash(b"ab", b"c") != content_hash(b"a", b"bc")
