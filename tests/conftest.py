"""Small scenarios for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from socsim.scenario import Scenario


def debate(**changes: Any) -> Scenario:
    """Eight people on a ring who answer, read their neighbours and write, for three steps after a baseline."""
    spec: dict[str, Any] = {
        "socsim": 1,
        "name": "small_debate",
        "seed": 7,
        "population": {"size": 8, "data": "statsmodels/anes96", "facts": {"age": "age"}, "persona": {"facts": ["age"]}},
        "network": {"graph": {"watts_strogatz": {"k": 4, "p": 0.2}}},
        "items": {
            "tax": {
                "type": "ordinal",
                "text": "Taxes should be lower.",
                "options": ["disagree", "neither", "agree"],
                "readout": {"labels": ["letters"]},
            }
        },
        "schedule": [
            {"phase": "before", "ask": ["tax"]},
            {
                "phase": "talk",
                "repeat": 3,
                "interaction": {"kind": "neighbours", "see": "messages", "from": "previous_step", "at_most": 2},
                "remember": ["own_last_message", "own_last_answer"],
                "ask": ["tax"],
                "say": {"max_tokens": 12},
            },
        ],
        "arms": ["treatment", "alone"],
        "inference": {"engine": "scripted"},
    }
    return Scenario.model_validate(spec | changes)


@pytest.fixture
def make_debate() -> Callable[..., Scenario]:
    """`debate` for tests that change a part of it."""
    return debate
