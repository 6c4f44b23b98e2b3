from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from socsim.errors import ScenarioError
from socsim.scenario.document import parse_document
from socsim.scenario.quoting import bare_words, empty_fields

ITEM = "items:\n  a:\n    options:\n      - {}\n"


def refused(word: str) -> bool:
    return bool(bare_words(parse_document(ITEM.format(word), "f")))


def is_text_to_both_versions(word: str) -> bool:
    """Whether the library reads the word as text by the rules of YAML 1.1 and of 1.2."""
    for version in ((1, 1), (1, 2)):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        if not isinstance(yaml.load(ITEM.format(word))["items"]["a"]["options"][0], str):
            return False
    return True


WORDS = [
    *(
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "N",
        "true",
        "null",
        "~",
        "12:30",
        "12:30:45.5",
        "007",
        "08",
        "1_000",
        "0x1F",
        "0o17",
        "0b1",
        "1e3",
    ),
    *(
        "-1.5",
        "+2",
        ".5",
        "5.",
        ".inf",
        "2012-01-01",
        "2012-1-1 10:00:00",
        "1.2.3",
        "12:99",
        "a1",
        "yes please",
        "agree",
        "10 years",
    ),
    *("1,000", "½", "e3", "._", "-._e3", "-_", "+_1", "0._", "1_._e+3"),
]


@pytest.mark.parametrize("word", WORDS)
def test_whatever_passes_bare_is_text_to_readers_of_both_versions(word: str) -> None:
    assert refused(word) or is_text_to_both_versions(word)


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789.:_-+eExXobaAfFnNiI~ ", min_size=1, max_size=8))
def test_random_words_that_pass_bare_are_text_to_readers_of_both_versions(word: str) -> None:
    try:
        if refused(word):
            return
    except ScenarioError:
        return  # not a document at all
    value = parse_document(ITEM.format(word), "f").root.data["items"]["a"]["options"][0]
    assert not isinstance(value, str) or is_text_to_both_versions(word)


@pytest.mark.parametrize("word", ["agree", "yes please", "10 years", "1.2.3", '"no"', "'12:30'", "a no", "½"])
def test_ordinary_and_quoted_words_pass(word: str) -> None:
    assert not refused(word)


def test_only_answers_and_levels_must_be_quoted() -> None:
    text = "question: no\nitems: {a: {text: no, unit: yes, options: [x]}}\nconditions: {c: {levels: [x, no]}}\n"
    text += "arms: {b: {items: {a: {options: [no]}}}}\n"
    found = bare_words(parse_document(text, "f"))
    assert set(found) == {("conditions", "c", "levels", 1), ("arms", "b", "items", "a", "options", 0)}


def test_fields_without_a_value_are_found_except_where_they_mean_the_default() -> None:
    text = "seed:\nnetwork: {graph: {ring: }}\narms:\n  treatment:\nquestion: null\n"
    assert set(empty_fields(parse_document(text, "f"))) == {("seed",)}
