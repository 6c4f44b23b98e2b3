"""What a run's prompts give away, in words: as noted when it began, from its texts, and of findings that it does not name."""

from __future__ import annotations

from typing import Any

import pytest
from socsim_analysis.findings.registry import FindingError
from socsim_analysis.frames import snapshot
from socsim_analysis.leakage import giveaway_sentences, giveaways_about, giveaways_of, watched_words, words_of

from socsim import Run, Scenario, ScriptedEngine, run
from socsim.giveaways import Giveaway

COMPARE = ({"finding": "asch1956.error_share"}, {"finding": "becker2017.mean_error", "accept_words": ["herd"]})


def scenario(compare: Any = COMPARE) -> Scenario:
    line = {"type": "nominal", "text": "Which line does the majority herd?", "options": ["line 1", "line 2"]}
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "lines",
            "population": {"size": 2},
            "items": {"line": line, "same": line},
            "schedule": [{"phase": "before", "ask": ["line", "same"]}],
            "compare": list(compare),
        }
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(scenario(), engine=ScriptedEngine(), out=tmp_path_factory.mktemp("lines") / "run")


def test_words_are_of_the_families_named_and_what_one_entry_accepts_all_do() -> None:
    watched = watched_words(scenario())
    assert [one.findings for one in watched] == [("asch1956.error_share",), ("becker2017.mean_error",)]
    assert all(one.accepted == {"herd"} for one in watched)
    assert words_of("demarzo2024.beta") is None
    assert watched_words(scenario([{"finding": "demarzo2024.beta"}, {"finding": "other.version"}])) == ()
    with pytest.raises(FindingError, match="there is no finding"):
        words_of("asch1956.errors")


def test_what_was_noted_when_the_run_began_counts_and_else_its_own_texts(done: Run) -> None:
    noted = giveaways_of(done)
    assert {(one.word, one.field) for one in noted} == {
        (word, f"items.{name}.text") for word in ("majority", "herd") for name in ("line", "same")
    }
    read = snapshot(done)
    earlier = Run(done.path)
    old = {key: value for key, value in read.manifest.items() if key != "giveaways"}
    assert giveaways_of(read) == noted
    assert giveaways_of(_with(read, old)) == noted
    assert giveaways_of(_with(read, {**old, "giveaways": []})) == ()
    assert earlier.manifest["giveaways"]


def _with(read: Any, manifest: dict[str, Any]) -> Any:
    from dataclasses import replace

    return replace(read, manifest=manifest)


def test_a_finding_that_the_scenario_does_not_name_is_looked_for_too(done: Run) -> None:
    assert {one.word for one in giveaways_about(done, "asch1956.error_share")} == {"majority"}
    assert {one.word for one in giveaways_about(done, "franzen2023.lines")} == {"majority"}
    assert {one.word for one in giveaways_about(done, "muchnik2013.up")} == {"herd"}
    assert giveaways_about(done, "milgram1963.full_obedience") == ()
    assert giveaways_about(done, "demarzo2024.beta") == ()


def test_a_sentence_names_a_word_once_with_its_fields_and_says_that_it_was_accepted(done: Run) -> None:
    assert giveaway_sentences(giveaways_of(done)) == [
        "The prompts say “majority” (items.line.text, items.same.text), which tells what asch1956.error_share found; answers may "
        "follow the word.",
        "The prompts say “herd” (items.line.text, items.same.text, accepted knowingly), which tells what becker2017.mean_error "
        "found; answers may follow the word.",
    ]
    many = [Giveaway("Asch", "recognition", ("asch1956.error_share",), f"items.{n}.text", "", False) for n in range(5)]
    assert giveaway_sentences(many) == [
        "The prompts say “Asch” (items.0.text, items.1.text, items.2.text and 2 more), which names the study of "
        "asch1956.error_share; a model that knows it may repeat its result."
    ]


def test_the_scenario_of_a_run_comes_back_with_what_it_accepts(done: Run) -> None:
    assert done.scenario.compare[1].accept_words == ("herd",)
