"""The scripted experiment in ``docs/`` runs as it says, and its numbers are those of the run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from socsim import Run

EXPERIMENT = Path(__file__).parents[1] / "docs" / "experiment.py"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp("experiment") / "voices"
    command = [sys.executable, "-W", "error", str(EXPERIMENT), "--out", str(out), "--scripted"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, out


def test_it_is_a_factorial_with_replicates_and_all_calls_are_made(said: tuple[str, Path]) -> None:
    text, out = said
    run = Run(out)
    assert text.startswith("complete ")
    assert len(run.scenario.arms) == 6
    assert run.scenario.replicates == 5
    assert set(run.responses["item"]) == {"speak", "bus"}
    turns = 6 * 5 * 2 * 8
    assert len(run.events) == turns
    assert len(run.messages) + int((run.actions["kind"] == "nothing").sum()) == turns
    assert (out / "voice.html").is_file()
    assert (out / "opinions.html").is_file()
    assert 'id="sweep"' in (out / "report.html").read_text(encoding="utf-8")


def test_its_measure_is_that_of_the_tables(said: tuple[str, Path]) -> None:
    text, out = said
    speak = Run(out).responses.query("item == 'speak'")
    share = speak.assign(yes=speak["option"] == "yes").groupby(["arm", "replicate"])["yes"].mean().unstack()
    few = share[share.index.str.startswith("k=2,")].mean()
    many = share[share.index.str.startswith("k=6,")].mean()
    found = re.search(r"voice at 6 neighbours minus voice at 2: ([+-][\d.]+) \(SD over replicates ([\d.]+)\)", text)
    assert found is not None
    assert float(found[1]) == pytest.approx((many - few).mean(), abs=5e-4)
    assert float(found[2]) == pytest.approx((many - few).std(), abs=5e-4)
