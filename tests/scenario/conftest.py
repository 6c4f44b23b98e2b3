"""A folder with a small valid scenario and the files it names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from socsim.scenario import LoadedScenario, load_scenario

SMALL = """\
socsim: 1
name: small
population: {size: 4}
items:
  tax: {type: ordinal, text: "Taxes should be lower.", options: ["disagree", "agree"]}
schedule: [{phase: poll, ask: [tax]}]
inference: {engine: scripted}
"""


@pytest.fixture
def small() -> str:
    """Text of the smallest useful scenario."""
    return SMALL


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], LoadedScenario]:
    """Write a text as a scenario file into a folder of its own, and load it."""

    def write_and_load(text: str) -> LoadedScenario:
        (tmp_path / "scenario.yaml").write_text(text, encoding="utf-8")
        return load_scenario(tmp_path / "scenario.yaml")

    return write_and_load
