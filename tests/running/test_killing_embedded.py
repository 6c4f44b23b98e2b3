"""The embedded model under ``kill -9``: nothing committed is asked again, and what came out replays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from processes import committed, finished, killed, socsim, wait_for_calls

from socsim import Run, Scenario, replay
from socsim.errors import ModelFileError
from socsim.models import find_model
from socsim.scenario import dump_scenario

pytestmark = [pytest.mark.model, pytest.mark.timeout(240)]


STEPS = 2


@pytest.fixture(autouse=True)
def _model() -> None:
    try:
        find_model("smollm2-135m")
    except ModelFileError as error:
        pytest.skip(str(error))


def ring(path: Path, steps: int) -> Path:
    """Six people on a ring: per agent-step two readings of one item and a few words."""
    talk = {"kind": "neighbours", "see": "messages", "from": "previous_step", "at_most": 2}
    spec: dict[str, Any] = {
        "socsim": 1,
        "name": "ring",
        "population": {"size": 6, "data": "statsmodels/anes96", "facts": {"age": "age"}, "persona": {"facts": ["age"]}},
        "network": {"graph": {"watts_strogatz": {"k": 2, "p": 0.0}}},
        "items": {"tax": {"type": "ordinal", "text": "Taxes should be lower.", "options": ["no", "yes"], "readout": {}}},
        "schedule": [{"phase": "talk", "repeat": steps, "interaction": talk, "ask": ["tax"], "say": {"max_tokens": 8}}],
        "arms": ["treatment", "alone"],
        "inference": {"limits": {"parallel": 4}},
    }
    spec["items"]["tax"]["readout"]["labels"] = ["letters"]
    path.write_text(dump_scenario(Scenario.model_validate(spec)), encoding="utf-8")
    return path


def test_kills_lose_and_repeat_nothing_and_two_fresh_runs_are_compared(tmp_path: Path) -> None:
    file, folder, before = ring(tmp_path / "ring.yaml", STEPS), tmp_path / "killed", {}
    for count in (5, 20):
        command = ("resume", folder) if before else ("run", file, "--out", folder)
        process = socsim(*command, "--no-report")
        wait_for_calls(process, folder, count)
        killed(process)
        now = committed(folder)
        assert before.items() <= now.items()
        before = now
    said = finished("resume", folder, "--no-report")
    assert f"{len(before)} calls are answered and are not asked again" in said
    check_ended(folder, before)
    finished("run", ring(tmp_path / "short.yaml", 1), "--out", tmp_path / "fresh", "--no-report")
    check_share(finished("record", "compare", folder, tmp_path / "fresh"))


def check_ended(folder: Path, before: dict[tuple[str, str], Any]) -> None:
    after, counts = committed(folder), Run(folder).manifest["counts"]
    assert before.items() <= after.items()
    assert counts["calls"] == len(after)
    assert {call.attempts for call in after.values()} <= {0, 1}, "equal prompts may be sampled together, nothing is tried again"
    assert counts["attempts"] == sum(call.attempts for call in after.values())
    assert counts["completion_tokens"] == sum(call.completion_tokens for call in after.values())
    assert Run(folder).status == "complete"
    report = replay(folder)
    assert report.verified, report.text
    assert report.events == 2 * 6 * STEPS


def check_share(said: str) -> None:
    shares = {name.strip(): rest for name, _, rest in (line.partition("  ") for line in said.splitlines())}
    assert set(shares) >= {"equal replies", "equal texts", "equal scores"}
    assert " of 6 (" in shares["equal texts"], said
    assert " of 12 (" in shares["equal scores"], said
