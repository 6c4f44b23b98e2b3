"""LoRA adapters for vLLM: found beside the scenario, given room and numbers, refused by name."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from socsim.errors import Rejected, ScenarioError
from socsim.inference.vllm_adapters import Adapters


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rank in (("left", 4), ("right", 20), ("huge", 4096)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_config.json").write_text(json.dumps({"r": rank}))
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "adapter_config.json").write_text("{}")
    return tmp_path


@pytest.fixture
def lora_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A double for vLLM's class, which keeps what it is given."""
    module: Any = ModuleType("vllm.lora.request")
    module.LoRARequest = lambda name, number, path: SimpleNamespace(name=name, number=number, path=path)
    for name, one in (("vllm", ModuleType("vllm")), ("vllm.lora", ModuleType("vllm.lora")), ("vllm.lora.request", module)):
        monkeypatch.setitem(sys.modules, name, one)


def test_room_is_made_for_the_adapter_that_is_named(folder: Path) -> None:
    adapters = Adapters(folder, most=2)
    assert adapters.arguments(None) == {"enable_lora": True, "max_loras": 2, "max_lora_rank": 16}
    ranks = {name: adapters.arguments(name)["max_lora_rank"] for name in ("left", "right", "huge")}
    assert ranks == {"left": 8, "right": 32, "huge": 512}
    assert Adapters(folder, most=0).arguments(None) == {}


def test_each_adapter_keeps_its_number(folder: Path, lora_requests: None) -> None:
    adapters = Adapters(folder, most=2)
    found = [adapters.request(name) for name in ("left", "right", "left")]
    assert [one.number for one in found] == [1, 2, 1]
    assert found[1].path == str((folder / "right").resolve())
    assert adapters.request("") is None


def test_what_is_no_adapter_is_refused(folder: Path) -> None:
    adapters = Adapters(folder, most=1)
    with pytest.raises(ScenarioError, match=r"(?s)none is no LoRA adapter.*adapter_config.json"):
        adapters.check("none")
    with pytest.raises(ScenarioError, match="cannot be read"):
        adapters.arguments("odd")
    with pytest.raises(Rejected, match="no LoRA adapter"):
        adapters.request("none")
    with pytest.raises(Rejected, match=r"inference\.vllm\.max_loras"):
        Adapters(folder, most=0).request("left")
