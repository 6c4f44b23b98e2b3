"""The commands of the registry."""

from __future__ import annotations

import json

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
