"""``socsim sweep`` and ``socsim advise`` as they are called."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from socsim import Run
from socsim.cli import app

STUDY = """
socsim: 1
name: s
seed: 5
replicates: 3
population: {size: 6, data: none, persona: {renderer: none}}
network: {graph: {watts_strogatz: {k: 4, p: 0.5}}}
items: {bus: {type: ordinal, text: Free buses?, options: [a, b], readout: {labels: [letters]}}}
schedule: [{phase: talk, repeat: 2, interaction: {kind: neighbours}, ask: [bus], say: {}}]
"""
SWEEP = "sweep: {vary: {phases.talk.interaction.at_most: [1, 4]}}\n"


def called(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, done.output


def study(folder: Path, more: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(STUDY + more, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("cli_sweep")
    code, text = called("sweep", study(folder, SWEEP), "--engine", "scripted", "--out", folder / "run", "--no-report", "--quiet")
    assert code == 0, text
    return folder / "run", text


def test_a_plan_lists_the_variants_and_runs_nothing(tmp_path: Path) -> None:
    code, text = called("sweep", study(tmp_path, SWEEP), "--plan")
    assert code == 0
    assert "at_most=4  phases.talk.interaction.at_most: 4" in text
    assert "2 variants in 3 replicates: 6 worlds" in text
    assert [path.name for path in tmp_path.iterdir()] == ["s.yaml"]


def test_the_table_of_worlds_holds_what_was_run_and_can_be_made_again(swept: tuple[Path, str]) -> None:
    folder, text = swept
    assert "at_most  4 against 1" in text
    table = pd.read_parquet(folder / "sweep.parquet")
    assert len(table) == 2 * 3 * 3
    answers = Run(folder).responses.query("arm == 'at_most=4' and replicate == 2 and step == 1")
    row = table.query("arm == 'at_most=4' and replicate == 2 and quantity == 'mean'").iloc[0]
    assert row["value"] == pytest.approx(answers["expected"].mean())
    assert row["phases.talk.interaction.at_most"] == "4"
    (folder / "sweep.parquet").unlink()
    code, again = called("sweep", folder)
    assert code == 0
    assert again.splitlines()[1] in text
    assert (folder / "sweep.parquet").is_file()


def test_advice_is_given_for_every_difference(swept: tuple[Path, str]) -> None:
    code, text = called("advise", swept[0], "--effect", "0.05")
    assert code == 0
    (row,) = [line for line in text.splitlines() if line.startswith("bus")]
    assert "at_most: 4 against 1" in row
    needed = []
    for size in ("1", "0.01"):
        _, text = called("advise", swept[0], "--effect", size)
        needed.append(int(re.split(r"\s{2,}", text.splitlines()[1])[-2]))
    few, many = needed
    assert few < many


def test_where_nothing_varied_no_number_is_made_up(tmp_path: Path) -> None:
    silent = STUDY.replace("repeat: 2, interaction: {kind: neighbours}, ask: [bus], say: {}", "ask: [bus]")
    path = tmp_path / "s.yaml"
    path.write_text(silent + "sweep: {vary: {prompts.say: ['One {topic}', 'Two {topic}']}}\n", encoding="utf-8")
    code, text = called("sweep", path, "--engine", "scripted", "--out", tmp_path / "run", "--no-report", "--quiet")
    assert code == 0, text
    code, text = called("advise", tmp_path / "run", "--effect", "0.1")
    assert code == 0, text
    assert "not known" in text
    assert "no spread in the pilot" in text


def test_what_is_no_sweep_is_refused_in_words(tmp_path: Path) -> None:
    path = study(tmp_path, "")
    code, text = called("sweep", path)
    assert (code, "has no part `sweep`" in text) == (1, True)
    code, text = called("run", path, "--engine", "scripted", "--out", tmp_path / "run", "--no-report", "--quiet")
    assert code == 0, text
    code, text = called("sweep", tmp_path / "run")
    assert (code, "is the run of no sweep" in text) == (1, True)
    code, text = called("advise", tmp_path / "run", "--effect", "0.1")
    assert (code, "no difference between arms" in text) == (1, True)
