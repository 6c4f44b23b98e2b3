"""Which words are found in a text: whole ones in any case, with simple inflections, and nothing inside other words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.word_search import find_words, words_in


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("conform", "They conformed."),
        ("conform", "CONFORMING people"),
        ("conform", "he conforms"),
        ("conformity", "conformities"),
        ("majority", "the majority’s view"),
        ("majority", "two majorities' views"),
        ("polarize", "polarizing and polarized"),
        ("free rider", "free-riders"),
        ("free-ride", "free riding"),
        ("defer", "she deferred"),
        ("Asch", "in Asch's words"),
        ("Asch", "(ASCH, 1956)"),
        ("Bond and Smith", "Bond & Smith (1996)"),
        ("peer pressure", "peer\n  pressure"),
        ("11–20 game", "the 11-20 games"),
        ("prisoner's dilemma", "A prisoner’s dilemma?"),
        ("Gürçay", "Gürçay et al."),
    ],
)
def test_inflections_cases_and_spacing_are_the_same_word(word: str, text: str) -> None:
    assert words_in(text, [word]) == (word,)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("conform", "nonconform, conformation"),
        ("conform", "conformity"),
        ("Asch", "Aschen, Lasch"),
        ("herd", "a shepherd, herder, overherd"),
        ("herd", "herd_size and herd2"),
        ("norm", "normal enormous"),
        ("peer pressure", "peers under pressure"),
        ("extreme", "extremely"),
        ("Bond and Smith", "Bond or Smith"),
        ("a.b", "axb"),
    ],
)
def test_nothing_is_found_inside_other_words(word: str, text: str) -> None:
    assert words_in(text, [word]) == ()


def test_places_are_told_and_the_longer_word_stands_for_what_lies_in_it() -> None:
    found = find_words("A conformity experiment on conformity.", ["conformity", "conformity experiment"])
    assert [(one.word, one.written, one.start, one.end) for one in found] == [
        ("conformity experiment", "conformity experiment", 2, 23),
        ("conformity", "conformity", 27, 37),
    ]


@given(st.text(max_size=40), st.text(alphabet="abcdefghijklmnopqrstuvwxyz.*+?()[]\\^$|'& -", min_size=1, max_size=12))
def test_any_word_can_be_looked_for_and_is_found_by_itself(text: str, word: str) -> None:
    for one in find_words(text, [word]):
        assert text[one.start : one.end] == one.written
    if word.isalpha():
        assert words_in(f"x, {word}!", [word]) == (word,)
