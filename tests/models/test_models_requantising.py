"""Weights stored in 8 bits are those stored in 4 bits, to within their rounding."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from socsim.errors import ModelFileError
from socsim.models.gguf import read_gguf_header
from socsim.models.requantising import requantise_to_8_bits, widen

NARROW = np.dtype([("scale", "<f2"), ("least", "<f2"), ("codes", "u1", (16,))])
WIDE = np.dtype([("scale", "<f2"), ("codes", "i1", (32,))])


def narrow_blocks(count: int) -> NDArray[np.void]:
    rng = np.random.default_rng(1)
    blocks = np.zeros(count, NARROW)
    blocks["scale"], blocks["least"] = rng.uniform(0.001, 0.02, count), rng.uniform(-0.2, 0.0, count)
    blocks["codes"] = rng.integers(0, 256, (count, 16))
    blocks[0] = np.zeros((), NARROW)
    return blocks


def weights_one_by_one(block: np.void) -> list[float]:
    """The format's definition, read off slowly: low halves of the bytes are the first sixteen weights."""
    scale, least, codes = float(block["scale"]), float(block["least"]), [int(code) for code in block["codes"]]
    return [scale * (code % 16) + least for code in codes] + [scale * (code // 16) + least for code in codes]


def test_every_weight_is_kept_to_within_the_rounding_of_its_block() -> None:
    blocks = narrow_blocks(50)
    wide = widen(blocks)
    for before, after in zip(blocks, wide, strict=True):
        expected = np.array(weights_one_by_one(before))
        found = float(after["scale"]) * after["codes"].astype(float)
        assert np.abs(found - expected).max() <= np.abs(expected).max() / 200


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def gguf_file(path: Path, kind: int, data: bytes) -> Path:
    """A matrix of 64 weights of ``kind`` behind four plain ones."""
    keys = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    keys += text("general.file_type") + struct.pack("<II", 4, 3)
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 2) + keys + tensor("b", (4,), 0, 0) + tensor("w", (32, 2), kind, 32)
    plain = np.arange(4, dtype="<f4").tobytes()
    path.write_bytes(head + bytes(-len(head) % 32) + plain + bytes(16) + data + bytes(-len(data) % 32))
    return path


def test_a_file_is_the_same_but_for_its_matrices(tmp_path: Path) -> None:
    blocks = narrow_blocks(2)
    source = gguf_file(tmp_path / "narrow.gguf", 3, blocks.tobytes())
    told: list[tuple[int, int]] = []
    requantise_to_8_bits(source, tmp_path / "wide.gguf", lambda done, total: told.append((done, total)))
    header = read_gguf_header(tmp_path / "wide.gguf")
    assert (header.quantisation, header.parameters, header.tensors) == ("Q8_0", 68, 2)
    whole = (tmp_path / "wide.gguf").read_bytes()
    assert whole.endswith(widen(blocks).tobytes() + bytes(-2 * WIDE.itemsize % 32))
    assert np.arange(4, dtype="<f4").tobytes() in whole
    assert told[-1] == (len(whole), len(whole))


def test_what_is_stored_otherwise_is_refused(tmp_path: Path) -> None:
    source = gguf_file(tmp_path / "other.gguf", 12, bytes(144))
    with pytest.raises(ModelFileError, match=r"type 12; only F32, Q4_1 and Q8_0"):
        requantise_to_8_bits(source, tmp_path / "wide.gguf", lambda done, total: None)
