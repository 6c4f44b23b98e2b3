"""The commands of the registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from socsim.cli.app import app


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["findings", *words])


def test_all_are_listed_and_counted() -> None:
    done = call("list")
    assert done.exit_code == 0
    assert "asch1956.error_share" in done.output
    assert "(never people)" in done.output


@pytest.mark.parametrize("kind", ["quantitative", "direction", "simulation"])
def test_one_class_is_listed_as_json(kind: str) -> None:
    done = call("list", "--class", kind, "--json")
    assert {one["class"] for one in json.loads(done.output)} == {kind}


def test_one_is_shown_with_its_margin_and_source() -> None:
    done = call("show", "becker2017.mean_error")
    assert done.exit_code == 0
    for words in ("-0.071 (-0.1 to -0.04)", "± 0.05", "exact_truths at most 0.2", "PNAS"):
        assert words in done.output
    assert json.loads(call("show", "becker2017.mean_error", "--json").output)["margin"]["value"] == 0.05


def test_the_words_that_give_a_study_away_are_shown() -> None:
    done = call("show", "asch1956.error_share")
    assert "words for its outcome" in done.output
    assert "peer pressure" in done.output
    assert "Solomon Asch" in done.output
    assert "words for" not in call("show", "demarzo2024.beta").output


def test_a_citation_has_source_and_check() -> None:
    done = call("cite", "franzen2023.lines")
    assert "https://doi.org/10.1371/journal.pone.0294325" in done.output
    assert "Checked: Read in the source" in done.output


def test_an_unknown_name_is_an_error_that_names_near_ones() -> None:
    done = call("show", "asch1956.eror_share")
    assert done.exit_code == 1
    assert "asch1956.error_share" in done.output + (done.stderr or "")


def test_a_table_is_made_from_public_data_and_held_against_the_finding(tmp_path: Path) -> None:
    (tmp_path / "stopping_levels.csv").write_text("last_level,n_subjects\n20,14\n30,26\n")
    out = tmp_path / "made" / "people.csv"
    done = call("table", "milgram_stops", str(tmp_path), "--out", str(out))
    assert done.exit_code == 0
    assert "40 rows. Milgram (1963)" in done.output
    compared = CliRunner().invoke(app, ["compare", str(out), "--finding", "milgram1963.full_obedience", "--json"])
    (found,) = json.loads(compared.output)
    assert found["estimate"] == 0.65
    assert found["outcome"] in ("match", "inconclusive")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    out = str(tmp_path / "people.csv")
    assert "there are asch_answers, becker_trials" in call("table", "nobody", str(tmp_path), "--out", out).stderr
    assert "there is no file stopping_levels.csv" in call("table", "milgram_stops", str(tmp_path), "--out", out).stderr
    assert call("table", "milgram_stops", str(tmp_path), "--out", "people.txt").exit_code == 2
