"""Reading the header of a GGUF file: what the model is, without loading it.

The file is untrusted: every length is checked against what is left of the file and against a bound before anything is
read or allocated. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from socsim.errors import ModelFileError

__all__ = [
    "ALIGNMENT",
    "MAX_KEYS",
    "MAX_KEY_BYTES",
    "MAX_TENSORS",
    "GgufHeader",
    "HeaderReader",
    "check_magic",
    "read_gguf_header",
]

MAGIC = b"GGUF"
MAX_KEYS = 10_000
MAX_TENSORS = 100_000
MAX_KEY_BYTES = 65_535
_MAX_KEPT_BYTES = 1 << 20
_MAX_ELEMENTS = 10_000_000
_MAX_DIMENSIONS = 8

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9

# ggml's tensor types by number.
_TENSOR_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K",
    13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S",
    22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16",
    34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
# Weights per block and bytes per block, of the types whose layout is fixed; tensors of other types are not measured.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84), 11: (256, 110),
    12: (256, 144), 13: (256, 176), 14: (256, 210), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2),
}  # fmt: skip
ALIGNMENT = 32
# llama.cpp's `general.file_type`: how the file as a whole was quantised.
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S",
    22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS",
    31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a model file says of itself. Texts come from the file and are not to be trusted."""

    version: int
    name: str
    architecture: str
    quantisation: str
    parameters: int
    """Number of weights, summed over tensors."""
    context_tokens: int
    """Longest context the model was trained for; 0 if the file does not say."""
    chat_template: str
    """The chat template; empty for a base model."""
    tensors: int


class HeaderReader:
    """Little-endian values from a file, none beyond its end."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file = file
        self.path = path
        self.size = os.fstat(file.fileno()).st_size

    def broken(self, what: str) -> ModelFileError:
        return ModelFileError(f"{self.path}: damaged GGUF header: {what}. Fetch the file again")

    def left(self) -> int:
        return self.size - self.file.tell()

    def take(self, count: int) -> bytes:
        data = self.file.read(count) if count <= self.left() else b""
        if len(data) != count:
            raise self.broken("it ends in the middle")
        return data

    def skip(self, count: int) -> None:
        if count > self.left():
            raise self.broken("it ends in the middle")
        self.file.seek(count, os.SEEK_CUR)

    def number(self, layout: str) -> int:
        return int(struct.unpack(layout, self.take(struct.calcsize(layout)))[0])

    def count(self, limit: int, what: str) -> int:
        count = self.number("<Q")
        if count > limit:
            raise self.broken(f"{count} {what}")
        return count

    def text(self, limit: int) -> str:
        """A string, or "" with the bytes skipped where it is longer than ``limit``."""
        length = self.number("<Q")
        if length > limit:
            self.skip(length)
            return ""
        return self.take(length).decode("utf-8", errors="replace")

    def value(self) -> Value | None:
        """The next metadata value; None for arrays, which are skipped."""
        kind = self.number("<I")
        if kind == _STRING:
            return self.text(_MAX_KEPT_BYTES)
        if kind == _ARRAY:
            self._skip_array()
            return None
        layout = self._layout(kind)
        value: Value = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return value

    def _layout(self, kind: int) -> str:
        if kind not in _SCALARS:
            raise self.broken(f"value type {kind}")
        return _SCALARS[kind]

    def _skip_array(self) -> None:
        kind = self.number("<I")
        count = self.count(_MAX_ELEMENTS, "elements in an array")
        if kind == _STRING:
            for _ in range(count):
                self.skip(self.number("<Q"))
        elif kind == _ARRAY:
            raise self.broken("nested arrays")
        else:
            self.skip(count * struct.calcsize(self._layout(kind)))


def check_magic(path: Path) -> None:
    """Make sure that a file is there, readable and begins as a GGUF file does.

    Raises:
        ModelFileError: it is not so.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError as error:
        raise ModelFileError(f"{path}: there is no such file. Check the path; `socsim models list` shows known names") from error
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from error
    if magic != MAGIC:
        raise ModelFileError(f"{path}: not a GGUF file (it does not begin with the four letters GGUF)")


def read_gguf_header(path: Path) -> GgufHeader:
    """What the model file at ``path`` says of itself.

    Raises:
        ModelFileError: the file is missing, not GGUF, of another version, or cut off.
    """
    check_magic(path)
    with path.open("rb") as file:
        reader = HeaderReader(file, path)
        reader.take(4)
        version = reader.number("<I")
        if version not in (2, 3):
            raise ModelFileError(f"{path}: GGUF version {version}; versions 2 and 3 can be read")
        tensors = reader.count(MAX_TENSORS, "tensors")
        keys = reader.count(MAX_KEYS, "keys")
        found = {reader.text(MAX_KEY_BYTES): reader.value() for _ in range(keys)}
        _check_layers(found, reader)
        parameters, types = _tensors(reader, tensors, found.get("general.alignment"))
    return _header(found, version, tensors, parameters, types)


def _check_layers(found: dict[str, Value | None], reader: HeaderReader) -> None:
    """Refuse what would end the process instead of raising an error when it is loaded."""
    layers = found.get(f"{_text(found.get('general.architecture'))}.block_count", 1)
    if not isinstance(layers, int) or layers < 1:
        raise reader.broken(f"a model of {layers} layers")


def _tensors(reader: HeaderReader, count: int, alignment: Value | None) -> tuple[int, Counter[int]]:
    """Number of weights in all and per type; a tensor that ends beyond the end of the file is refused."""
    weights: Counter[int] = Counter()
    end = 0
    for _ in range(count):
        reader.text(MAX_KEY_BYTES)
        dimensions = reader.number("<I")
        if dimensions > _MAX_DIMENSIONS:
            raise reader.broken(f"a tensor of {dimensions} dimensions")
        size = 1
        for _ in range(dimensions):
            size *= reader.number("<Q")
        kind = reader.number("<I")
        weights[kind] += size
        block, block_bytes = _BLOCKS.get(kind, (1, 0))
        end = max(end, reader.number("<Q") + size // block * block_bytes)
    step = alignment if isinstance(alignment, int) and alignment > 0 else ALIGNMENT
    if end > reader.left() - (-reader.file.tell() % step):
        raise reader.broken("the file is shorter than its tensors")
    return weights.total(), weights


def _header(found: dict[str, Value | None], version: int, tensors: int, parameters: int, types: Counter[int]) -> GgufHeader:
    architecture = _text(found.get("general.architecture"))
    context = found.get(f"{architecture}.context_length")
    file_type = found.get("general.file_type")
    main_type = types.most_common(1)[0][0] if types else None
    by_tensors = _TENSOR_TYPES.get(main_type, f"type {main_type}") if main_type is not None else "unknown"
    return GgufHeader(
        version=version,
        name=_text(found.get("general.name")),
        architecture=architecture,
        quantisation=_FILE_TYPES.get(file_type, by_tensors) if isinstance(file_type, int) else by_tensors,
        parameters=parameters,
        context_tokens=context if isinstance(context, int) else 0,
        chat_template=_text(found.get("tokenizer.chat_template")),
        tensors=tensors,
    )


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""
