"""The same weights in another layout: a GGUF file whose 4-bit matrices are stored in 8 bits.

Nothing is gained in precision. What is gained is speed where a processor multiplies 8-bit blocks faster than 4-bit ones; what
is lost is a rounding of about 1/250 of the largest weight in each block of 32. The result depends on the input alone, byte
for byte. Layouts: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h (``block_q4_1``, ``block_q8_0``).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from socsim.errors import ModelFileError
from socsim.models.gguf import ALIGNMENT, MAX_KEY_BYTES, MAX_KEYS, MAX_TENSORS, HeaderReader, check_magic

__all__ = ["requantise_to_8_bits", "widen"]

_Q4_1, _Q8_0, _FILE_IS_Q8_0 = 3, 8, 7
_BYTES = {0: (1, 4), _Q4_1: (32, 20), _Q8_0: (32, 34)}
_NARROW = np.dtype([("scale", "<f2"), ("least", "<f2"), ("codes", "u1", (16,))])
_WIDE = np.dtype([("scale", "<f2"), ("codes", "i1", (32,))])


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor as described in the header; ``at`` is where its type stands in the file, followed by its offset."""

    at: int
    kind: int
    weights: int
    offset: int

    def size(self, kind: int) -> int:
        per_block, block_bytes = _BYTES[kind]
        return self.weights // per_block * block_bytes


def widen(blocks: NDArray[np.void]) -> NDArray[np.void]:
    """Blocks of ``Q4_1`` as blocks of ``Q8_0``.

    A weight of the former is scale·code + least with codes 0 to 15, of the latter scale·code with codes −127 to 127, where
    scale is the largest absolute weight of the block divided by 127.
    """
    low, high = blocks["codes"] & 15, blocks["codes"] >> 4
    codes = np.concatenate([low, high], axis=1).astype(np.float32)
    weights = codes * blocks["scale"].astype(np.float32)[:, None] + blocks["least"].astype(np.float32)[:, None]
    scale = (np.abs(weights).max(axis=1) / np.float32(127)).astype(np.float32)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale > 0)
    wide = np.zeros(len(blocks), _WIDE)
    wide["scale"] = scale.astype("<f2")
    wide["codes"] = np.rint(weights * inverse[:, None]).astype("i1")
    return wide


def requantise_to_8_bits(source: Path, target: Path, told: Callable[[int, int], None]) -> None:
    """Write ``source`` with its ``Q4_1`` tensors as ``Q8_0``.

    Args:
        source: a GGUF file of F32, Q4_1 and Q8_0 tensors.
        target: the file to write.
        told: called with bytes written and bytes in all.

    Raises:
        ModelFileError: the source is damaged or holds tensors of other types.
    """
    check_magic(source)
    with source.open("rb") as file, target.open("wb") as out:
        reader = HeaderReader(file, source)
        tensors, file_type_at, step = _described(reader)
        header_end = file.tell()
        begin = header_end + -header_end % step
        file.seek(0)
        header, offsets = bytearray(file.read(header_end)), 0
        for tensor in tensors:
            kind = _Q8_0 if tensor.kind == _Q4_1 else tensor.kind
            struct.pack_into("<IQ", header, tensor.at, kind, offsets)
            offsets += tensor.size(kind) + -tensor.size(kind) % step
        if file_type_at:
            struct.pack_into("<I", header, file_type_at, _FILE_IS_Q8_0)
        out.write(header + bytes(begin - header_end))
        for tensor in tensors:
            _copy(file, out, tensor, (begin, step))
            told(out.tell(), begin + offsets)
        out.flush()
        os.fsync(out.fileno())


def _copy(file: BinaryIO, out: BinaryIO, tensor: _Tensor, place: tuple[int, int]) -> None:
    begin, step = place
    file.seek(begin + tensor.offset)
    data = file.read(tensor.size(tensor.kind))
    if tensor.kind == _Q4_1:
        data = widen(np.frombuffer(data, _NARROW)).tobytes()
    out.write(data + bytes(-len(data) % step))


def _described(reader: HeaderReader) -> tuple[list[_Tensor], int, int]:
    """The tensors in the order of their data, where the file's type stands (0: nowhere), and the alignment."""
    file = reader.file
    reader.take(8)
    count, keys = reader.count(MAX_TENSORS, "tensors"), reader.count(MAX_KEYS, "keys")
    file_type_at, step = 0, ALIGNMENT
    for _ in range(keys):
        key, at = reader.text(MAX_KEY_BYTES), file.tell()
        value = reader.value()
        if key == "general.file_type":
            file_type_at = at + 4
        elif key == "general.alignment" and isinstance(value, int) and value > 0:
            step = value
    tensors = [_tensor(reader) for _ in range(count)]
    return sorted(tensors, key=lambda tensor: tensor.offset), file_type_at, step


def _tensor(reader: HeaderReader) -> _Tensor:
    reader.text(MAX_KEY_BYTES)
    weights = 1
    for _ in range(reader.number("<I")):
        weights *= reader.number("<Q")
    at = reader.file.tell()
    kind, offset = reader.number("<I"), reader.number("<Q")
    if kind not in _BYTES:
        raise ModelFileError(f"{reader.path}: holds tensors of type {kind}; only F32, Q4_1 and Q8_0 can be stored in 8 bits")
    return _Tensor(at, kind, weights, offset)
