"""A 3 × 2 sweep in five replicates on the embedded model: resumed after kills, as full as one world, analysed as by hand.

Minutes: ``python -m pytest -m slow tests/running/test_sweeping_embedded.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from processes import committed, finished, killed, socsim, wait_for_calls
from socsim_analysis.replicates import differences_of
from socsim_analysis.sweeps import sweep_table, world_table

from socsim import Run, Scenario, replay
from socsim.errors import ModelFileError
from socsim.models import find_model
from socsim.scenario import dump_scenario

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(1800)]

DENSITIES = (2, 4)


@pytest.fixture(autouse=True)
def _model() -> None:
    try:
        find_model("smollm2-135m")
    except ModelFileError as error:
        pytest.skip(str(error))


def study(path: Path, *, sweep: bool) -> Path:
    """Six people on a ring who talk twice; three arms of wording by two densities."""
    talk = {"kind": "neighbours", "see": "messages", "from": "previous_step", "at_most": 2}
    spec: dict[str, Any] = {
        "socsim": 1,
        "name": "sweep",
        "replicates": 5 if sweep else 1,
        "population": {"size": 6, "data": "statsmodels/anes96", "facts": {"age": "age"}, "persona": {"facts": ["age"]},
                       "per_world": True},
        "network": {"graph": {"watts_strogatz": {"k": 2, "p": 0.0}}},
        "items": {"tax": {"type": "ordinal", "text": "Taxes should be lower.", "options": ["no", "perhaps", "yes"],
                          "readout": {"labels": ["letters"], "orders": "fixed"}}},
        "schedule": [{"phase": "talk", "repeat": 2, "interaction": talk, "ask": ["tax"], "say": {"max_tokens": 8}}],
        "arms": [{"treatment": {}}, {"brief": {"phases": {"talk": {"say": {"max_tokens": 4}}}}}, "alone"][: 3 if sweep else 1],
    }  # fmt: skip
    if sweep:
        spec["sweep"] = {"vary": {"network.graph.watts_strogatz.k": list(DENSITIES)}}
    path.write_text(dump_scenario(Scenario.model_validate(spec)), encoding="utf-8")
    return path


def test_a_sweep_survives_kills_fills_the_engine_and_is_analysed_as_by_hand(tmp_path: Path) -> None:
    one = tmp_path / "one"
    finished("run", study(tmp_path / "one.yaml", sweep=False), "--out", one, "--no-report", patience_s=600)
    file, folder, before = study(tmp_path / "sweep.yaml", sweep=True), tmp_path / "sweep", {}
    for count in (40, 200):
        command = ("resume", folder, "--no-report") if before else ("sweep", file, "--out", folder, "--no-report")
        process = socsim(*command)
        wait_for_calls(process, folder, count)
        killed(process)
        now = committed(folder)
        assert before.items() <= now.items()
        before = now
    finished("resume", folder, "--no-report", patience_s=1500)
    assert before.items() <= committed(folder).items()
    done = Run(folder)
    assert done.status == "complete"
    assert len(done.agents) == 3 * 2 * 5 * 6
    idle = done.manifest["execution"]["idle_share"]
    assert idle <= Run(one).manifest["execution"]["idle_share"] + 0.02
    assert replay(folder).verified
    check_by_hand(done)


def check_by_hand(done: Run) -> None:
    rows = done.responses
    last = rows[rows["step"] == 1].groupby(["arm", "replicate"])["expected"].mean()
    arms = {arm.name: arm.factors for arm in done.scenario.arms}
    effects = []

    def base(name: str) -> str:
        return next(own for own in ("treatment", "brief", "alone") if own in map(str, arms[name].values()))

    for replicate in range(5):
        low, high = (
            {base(name): value for (name, number), value in last.items() if number == replicate and k in arms[name].values()}
            for k in DENSITIES
        )
        pairs = [high[name] - low[name] for name in ("treatment", "brief", "alone")]
        effects.append(float(np.mean(pairs)))
    found = sweep_table(done, "tax")
    (row,) = found[(found["quantity"] == "mean") & (found["level"] == "4") & (found["reference"] == "2")].to_dict("records")
    assert row["effect"] == pytest.approx(np.mean(effects))
    interval = scipy.stats.ttest_1samp(effects, 0.0).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert len(world_table(done, "tax")) == 3 * 2 * 5 * 3
    assert any(one.sd == pytest.approx(np.std(effects, ddof=1)) for one in differences_of(done))
