"""Conventions: players who choose what they met most often tip where theory says, players who choose by chance do not match."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from studies import FOLDER, against, carried_out, choosing, outcome, study
from typer.testing import CliRunner

from socsim.cli.app import app


def best_reply(prompt: str) -> dict[str, float]:
    """The name that the others of the remembered plays chose more often; either where there is no majority."""
    met = re.findall(r"the other (\w+): ", prompt)
    names = re.findall(r"^- (\w+)$", prompt, re.M)
    counts = [met.count(name) for name in names]
    if counts[0] == counts[1]:
        return dict.fromkeys(names, 0.5)
    return {names[counts.index(max(counts))]: 1.0}


def by_chance(prompt: str) -> dict[str, float]:
    return dict.fromkeys(re.findall(r"^- (\w+)$", prompt, re.M), 0.5)


def changed(arms: list[str], *, repeat: int, memory: int) -> dict[str, Any]:
    """Some arms of the study, with other numbers of plays and of plays remembered."""
    content = YAML(typ="safe", pure=True).load((FOLDER / "conventions.yaml").read_text(encoding="utf-8"))
    content["schedule"][0]["repeat"] = repeat
    content["schedule"][0]["interaction"]["options"]["memory"] = memory
    compared = [one for one in content["compare"] if {one["arm"], one.get("against", one["arm"])} <= set(arms)]
    kept = {arm: content["arms"][arm] for arm in arms}
    return {"schedule": content["schedule"], "arms": kept, "compare": compared, "replicates": 5}


def test_players_with_a_long_memory_tip_at_a_quarter_and_not_at_a_fifth(tmp_path: Path) -> None:
    spec = study("conventions", **changed(["fifth", "quarter"], repeat=40, memory=12))  # twelve, as in the model of the source
    done = carried_out(spec, choosing(best_reply), tmp_path)
    fifth, quarter = (
        against(done, "centola2018.below_fifth", arm="fifth"),
        against(done, "centola2018.above_quarter", arm="quarter"),
    )
    assert fifth.values.estimate < quarter.values.estimate
    assert outcome(fifth) != "differ"
    assert outcome(quarter) != "differ"


def test_players_who_choose_by_chance_differ(tmp_path: Path) -> None:
    spec = study("conventions", **changed(["mixed", "lattice", "fifth"], repeat=10, memory=5))
    done = carried_out(spec, choosing(by_chance), tmp_path)
    assert outcome(against(done, "centola2018.below_fifth", arm="fifth")) == "differ"
    assert outcome(against(done, "centola2015.mixing", arm="mixed", against="lattice")) == "inconclusive"
    page = tmp_path / "page" / "findings.html"
    done_command = CliRunner().invoke(app, ["compare", str(done.path), "--page", str(page)])
    assert done_command.exit_code == 0
    assert "centola2018.below_fifth" in done_command.output  # what the scenario names, with the arms that it names
    assert "centola2015.mixing" in done_command.output
    assert "centola2018.above_quarter" not in done_command.output
    text = page.read_text(encoding="utf-8")
    assert text.count("<h3") == 2
    assert "(arm mixed less lattice)" in text
    assert "All verdicts" in text
    assert "conventions" in text


def test_a_page_is_about_runs(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("last_level,person,world\n30,a,a\n")
    called = CliRunner().invoke(app, ["compare", str(table), "--all", "--page", str(tmp_path / "page.html")])
    assert called.exit_code != 0
    assert CliRunner().invoke(app, ["compare", str(table)]).exit_code == 2  # a table names no findings
    assert not (tmp_path / "page.html").exists()
