"""What a GGUF header says, and that a damaged or hostile one is refused without reading beyond it."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socsim.errors import ModelFileError
from socsim.models.gguf import read_gguf_header

Make = Callable[..., bytes]


def put(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    return path


def test_the_header_tells_what_the_model_is(tmp_path: Path, gguf_bytes: Make) -> None:
    header = read_gguf_header(put(tmp_path, gguf_bytes()))
    assert (header.name, header.architecture, header.quantisation) == ("Tiny", "llama", "Q8_0")
    assert (header.parameters, header.context_tokens, header.tensors) == (4 * 8 + 4, 2048, 2)
    assert header.chat_template == "{{ messages }}"


def test_a_base_model_has_no_chat_template(tmp_path: Path, gguf_bytes: Make) -> None:
    assert read_gguf_header(put(tmp_path, gguf_bytes(**{"tokenizer.chat_template": None}))).chat_template == ""


def test_without_a_file_type_the_type_of_most_weights_counts(tmp_path: Path, gguf_bytes: Make) -> None:
    assert read_gguf_header(put(tmp_path, gguf_bytes(**{"general.file_type": None}))).quantisation == "Q8_0"


def test_every_cut_off_file_is_refused(tmp_path: Path, gguf_bytes: Make) -> None:
    data = gguf_bytes()
    for length in range(len(data) - 100):
        with pytest.raises(ModelFileError):
            read_gguf_header(put(tmp_path, data[:length]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 a zip file",
        b"GGUF" + struct.pack("<IQQ", 99, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2**63),
        b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 9, 2**40),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<I", 77),
    ],
)
def test_hostile_headers_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"m\.gguf"):
        read_gguf_header(put(tmp_path, data))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=8, max_value=200), value=st.binary(min_size=1, max_size=8))
def test_changed_bytes_give_a_header_or_our_error(tmp_path: Path, gguf_bytes: Make, position: int, value: bytes) -> None:
    data = bytearray(gguf_bytes())
    data[position : position + len(value)] = value
    with contextlib.suppress(ModelFileError):
        assert read_gguf_header(put(tmp_path, bytes(data))).version in (2, 3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such file"):
        read_gguf_header(tmp_path / "absent.gguf")


def test_a_file_that_lost_the_end_of_its_last_tensor_is_refused(tmp_path: Path, gguf_bytes: Make) -> None:
    """The tiny file's tensors: 32 weights in Q8_0 (34 bytes) from 0, four in F32 from 64, so they end at 80.

    After the header there are 128 bytes, of which up to 31 align what follows.
    """
    data = gguf_bytes()
    assert read_gguf_header(put(tmp_path, data[:-16])).tensors == 2
    with pytest.raises(ModelFileError, match="shorter than its tensors"):
        read_gguf_header(put(tmp_path, data[:-49]))


def test_a_model_without_layers_is_refused(tmp_path: Path, gguf_bytes: Callable[..., bytes]) -> None:
    path = tmp_path / "empty.gguf"
    path.write_bytes(gguf_bytes(**{"llama.block_count": 0}))
    with pytest.raises(ModelFileError, match="a model of 0 layers"):
        read_gguf_header(path)
