"""From a scenario's inference part to an engine: settings reach it, and what it cannot do is refused by field."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path
from typing import Any

import pytest

from socsim.errors import ModelFileError, ScenarioError
from socsim.inference import embedded
from socsim.inference.factory import make_engine
from socsim.inference.scripted import ScriptedEngine
from socsim.scenario import Scenario
from socsim.scenario.dumping import dump_scenario
from socsim.scenario.engines import InferenceSpec


class Recorded:
    """Stands in for the embedded engine and keeps what it was made with."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.path, self.settings = path, settings


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(embedded, "EmbeddedEngine", Recorded)
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(32))  # no keys, no tensors
    return path


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, {"slots": 16, "context_tokens": 2048, "threads": None}),
        ({}, {"slots": 16, "context_tokens": 2048, "threads": None}),
        ({"slots": 4, "threads": 2}, {"slots": 4, "context_tokens": 2048, "threads": 2}),
        ({"context_tokens": 512}, {"slots": 16, "context_tokens": 512, "threads": None}),
    ],
)
def test_settings_reach_the_embedded_engine(model: Path, written: Any, expected: dict[str, Any]) -> None:
    spec = InferenceSpec.model_validate({"model": model.name, "embedded": written})
    engine = make_engine(spec, model.parent)
    assert isinstance(engine, Recorded)
    assert (engine.path, engine.settings) == (model, {"model_name": "tiny.gguf", **expected})


@pytest.mark.parametrize("written", [{"slots": 0}, {"slots": 2.5}, {"context_tokens": 8}, {"threads": 0}, {"batch": 1}])
def test_settings_out_of_bounds_are_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"embedded.{next(iter(written))}"):
        InferenceSpec.model_validate({"embedded": written})


def test_settings_of_another_engine_are_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"settings of the embedded engine, and the engine is openai.*engine: embedded"):
        InferenceSpec.model_validate({"engine": "openai", "model": "x", "embedded": {"slots": 2}})


def test_a_scripted_stand_in_takes_no_notice_of_them(make_debate: Any) -> None:
    scenario: Scenario = make_debate(inference={"engine": "scripted", "embedded": {"slots": 3}})
    assert "embedded:\n    slots: 3" in dump_scenario(scenario)
    assert isinstance(make_engine(scenario.inference), ScriptedEngine)


@pytest.mark.parametrize(("engine", "package"), [("vllm", "vllm"), ("transformers", "torch")])
def test_an_engine_whose_extra_is_missing_is_refused_by_field(engine: str, package: str) -> None:
    if importlib.util.find_spec(package) is not None:
        pytest.skip(f"{package} is here")
    with pytest.raises(ScenarioError, match=rf"inference\.engine.*{engine}"):
        make_engine(InferenceSpec.model_validate({"engine": engine, "model": "m"}))


def test_a_model_that_is_not_here_is_an_error_of_the_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"absent\.gguf"):
        make_engine(InferenceSpec(model=str(tmp_path / "absent.gguf")), tmp_path)
