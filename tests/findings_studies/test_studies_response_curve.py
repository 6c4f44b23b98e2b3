"""Response curves: people of a known slope are found to have it, people who look at nobody to have none."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from socsim_analysis.designs import response_curve
from socsim_analysis.designs.of_runs import table_of
from studies import against, carried_out, choosing, outcome, study


def following(beta: float) -> object:
    """P = 1 / (1 + exp(-2 β m)), m the mean choice of the ten shown, -1 to 1."""

    def chances(prompt: str) -> dict[str, float]:
        first, second = re.findall(r"^- (\w+)$", prompt, re.M)
        counts = re.search(r"(\d+) use (\w+) and (\d+) use (\w+)", prompt)
        listed = re.findall(rf"^({first}|{second})$", prompt, re.M)
        shown = (
            {counts[2]: int(counts[1]), counts[4]: int(counts[3])}
            if counts
            else {one: listed.count(one) for one in (first, second)}
        )
        mean = (shown[first] - shown[second]) / 10.0
        share = 1.0 / (1.0 + math.exp(-2.0 * beta * mean))
        return {first: share, second: 1.0 - share}

    return chances


@pytest.mark.parametrize(("beta", "expected"), [(1.87, "same direction"), (0.0, "inconclusive"), (-1.0, "opposite direction")])
def test_the_slope_that_made_the_choices_is_found(beta: float, expected: str, tmp_path: Path) -> None:
    done = carried_out(
        study("response_curve", population={"size": 4, "persona": {"renderer": "none"}}), choosing(following(beta)), tmp_path
    )
    table = table_of(done, "response_curve")
    assert table is not None
    assert len(table) == 2 * 5 * 4 * 4 * 11
    for arm in ("list", "counts"):
        found = against(done, "demarzo2024.beta", arm=arm)
        assert found.verdict is None  # another simulation is no yardstick
        assert found.values.estimate == pytest.approx(beta, abs=0.4)
        assert outcome(against(done, "asch1956.following", arm=arm)) == expected
    shares = response_curve.response_shares(table, "list").set_index("m")["share"]
    assert shares[10] == pytest.approx(1.0 / (1.0 + math.exp(-2.0 * beta)), abs=0.12)
