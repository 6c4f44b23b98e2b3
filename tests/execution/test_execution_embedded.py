"""A live run on the embedded model replays from its record under every execution."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsim import Run, Scenario, replay, run
from socsim.errors import ModelFileError
from socsim.model import Execution
from socsim.models import find_model

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Run:
    try:
        find_model("smollm2-135m")
    except ModelFileError as error:
        pytest.skip(str(error))
    spec = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "live",
            "seed": 8,
            "population": {"size": 5},
            "network": {"graph": {"ring": {}}},
            "memory": {"kind": "summary", "max_tokens": 20, "what": ["said"]},
            "schedule": [
                {
                    "phase": "talk",
                    "repeat": 2,
                    "activation": "random_sequential",
                    "interaction": {"kind": "neighbours", "at_most": 2},
                    "remember": ["memory"],
                    "say": {"topic": "buses", "max_tokens": 12},
                },
                {"phase": "play", "activation": "dyads", "interaction": {"kind": "games", "options": {"game": "stag_hunt"}}},
            ],
            "inference": {"engine": "embedded", "model": "smollm2-135m"},
        }
    )
    return run(spec, out=tmp_path_factory.mktemp("live") / "run", checked=True)


def test_the_run_says_how_long_it_took_and_had_to(live: Run) -> None:
    execution = live.manifest["execution"]
    assert execution["kind"] == "dependencies"
    assert 0 < execution["critical_path_s"] <= execution["simulation_s"]
    assert 0 <= execution["idle_share"] <= 1


@pytest.mark.parametrize("execution", ["sequential", "barrier", "dependencies"])
def test_its_record_replays_under_every_execution(live: Run, execution: Execution) -> None:
    found = replay(Path(live.path), execution=execution)
    assert found.verified, found.text
    assert found.events > 10
