from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.items import ParseFailure
from socsim.parsing import clean_message, last_sentence, parse_choice, parse_number

SCALE = ["strongly disagree", "disagree", "neither", "agree", "strongly agree"]
LABELS = ["A", "B", "C", "D", "E"]


@pytest.mark.parametrize(
    ("reply", "index"),
    [
        ("disagree", 1),
        ("Strongly disagree.", 0),
        ("I strongly agree with that", 4),
        ("B", 1),
        ("B.", 1),
        ("(d)", 3),
        ("D) agree", 3),
        ("D. agree", 3),
        ('"Agree"', 3),
        ("**E**", 4),
    ],
)
def test_one_named_option_is_the_answer(reply: str, index: int) -> None:
    assert parse_choice(reply, SCALE, LABELS) == index


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("agree or disagree", "ambiguous"),
        ("A. agree", "ambiguous"),
        ("I have disagreements", "no_match"),
        ("Agreed", "no_match"),
        ("As a language model I cannot", "no_match"),
        ("A neighbour told me", "no_match"),
        ("F", "no_match"),
    ],
)
def test_anything_else_is_a_failure_with_the_raw_reply(reply: str, reason: str) -> None:
    failure = parse_choice(reply, SCALE, LABELS)
    assert isinstance(failure, ParseFailure)
    assert (failure.reason, failure.raw) == (reason, reply)


@given(st.text())
def test_parsing_never_raises(text: str) -> None:
    assert isinstance(parse_choice(text, SCALE, LABELS), int | ParseFailure)
    assert isinstance(parse_number(text, 0, 100), float | ParseFailure)


@pytest.mark.parametrize(
    ("reply", "number"),
    [("42", 42.0), ("About 1,200.", 1200.0), ("-3.5 degrees", -3.5), ("7 ... I mean 7", 7.0), ("$15", 15.0)],
)
def test_one_number_is_read(reply: str, number: float) -> None:
    assert parse_number(reply) == number


@pytest.mark.parametrize(
    ("reply", "reason"),
    [("three", "not_a_number"), ("3 to 5", "ambiguous"), ("101", "out_of_range"), ("", "empty"), ("a1b", "not_a_number")],
)
def test_other_numbers_are_failures(reply: str, reason: str) -> None:
    failure = parse_number(reply, 0, 100)
    assert isinstance(failure, ParseFailure)
    assert failure.reason == reason


def test_a_message_loses_its_quotation_marks_and_line_breaks() -> None:
    assert clean_message(' "We should\ncut less." ') == "We should cut less."


def test_a_cut_off_text_ends_with_its_last_whole_sentence() -> None:
    assert last_sentence("Yes. I think that the") == "Yes."
    assert last_sentence("I think that the") == "I think that the"
