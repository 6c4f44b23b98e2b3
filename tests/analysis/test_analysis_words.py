"""Lists of words that give findings away: every finding about people has one, and socsim's own wording has none of them."""

from __future__ import annotations

import pytest
from socsim_analysis.findings import load_finding
from socsim_analysis.findings.registry import registry
from socsim_analysis.findings.words import read_word_lists, word_lists

from socsim.prompts import DEFAULTS
from socsim.scenario.remembering import WORDING_MEMORY
from socsim.scenario.ways_of_meeting import WORDING
from socsim.word_search import words_in


def test_every_finding_about_people_has_words_and_every_list_a_finding() -> None:
    used = {load_finding("money_request.basic").words}
    for finding in registry().values():
        assert (finding.word_list is not None) == finding.of_people, finding.finding
        used |= {finding.words} if finding.words else set()
    assert used == set(word_lists())


def test_the_authors_of_a_study_are_among_its_words_unless_their_names_are_common_words() -> None:
    listed = [finding for finding in registry().values() if finding.word_list is not None]
    without = {one.finding for one in listed if one.word_list and not words_in(one.source.text, one.word_list.recognition)}
    assert without == {"bail2018.republicans", "bond2005.plateau", "mason2012.networks"}


def test_preconditions_know_the_study_by_words_of_its_list() -> None:
    for finding in registry().values():
        for one in finding.preconditions:
            if one.check == "recognition":
                assert words_in(" ".join(one.words), finding.word_list.every if finding.word_list else ()), finding.finding


def test_wording_of_socsim_gives_no_finding_away() -> None:
    texts = [*DEFAULTS.values(), *WORDING_MEMORY.values(), *(text for words in WORDING.values() for text in words.values())]
    found = {(family, word) for family, words in word_lists().items() for text in texts for word in words_in(text, words.every)}
    assert found == set()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: {outcome: [x1], recognition: []}", "a.recognition"),
        ("a: {outcome: [herd, Herd], recognition: [Asch]}", "stands twice: herd"),
        ("a: {outcome: [' herd'], recognition: [Asch]}", "no blanks"),
        ("a: {outcome: [herd], recognition: [1956]}", "a.recognition.0"),
        ("a: {outcome: [herd], recognition: [Asch], other: [x]}", "a.other"),
    ],
)
def test_damage_is_named_with_family_and_field(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_word_lists(text)
