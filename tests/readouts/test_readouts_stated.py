from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.items import ParseFailure
from socsim.readouts.stated import parse_candidates, parse_json, parse_json_number, parse_percentages

OPTIONS, LABELS = ["disagree", "neither", "agree"], ["A", "B", "C"]


@pytest.mark.parametrize(
    "reply",
    [
        '{"A": 20, "B": 30, "C": 50}',
        '{"C": 50, "A": 20.0, "B": "30%"}',
        '```json\n{"A": 20, "B": 30, "C": 50}\n```',
        ' \n```\n{"A": 20,\n "B": 30, "C": 50}```\n',
        "A: 20%\nB: 30%\nC: 50%",
        "- A. disagree: 20\n- B. neither: 30 %\n\n- C) agree = 50%",
        '{"disagree": 20, "Neither": 30, "agree": 50}',
    ],
)
def test_percentages_of_all_options_are_read_in_any_order(reply: str) -> None:
    assert parse_percentages(reply, OPTIONS, LABELS) == ((0.2, 0.3, 0.5), 100.0)


@pytest.mark.parametrize("total", [99, 100, 101])
def test_a_sum_close_to_a_hundred_is_normalised_and_kept(total: int) -> None:
    shares, stated = parse_percentages(json.dumps({"A": 20, "B": 30, "C": total - 50}), OPTIONS, LABELS)  # type: ignore[misc]
    assert stated == total
    assert sum(shares) == pytest.approx(1.0)
    assert shares[0] == pytest.approx(20 / total)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ('{"A": 20, "B": 30}', "malformed"),
        ('{"A": 20, "A": 20, "B": 30, "C": 30}', "malformed"),
        ('{"A": 20, "disagree": 20, "B": 30, "C": 30}', "malformed"),
        ('{"A": 20, "B": 30, "D": 50}', "no_match"),
        ('{"A": 20, "B": 30, "agree strongly": 50}', "no_match"),
        ('{"A": 20, "B": 30, "C": 48}', "wrong_sum"),
        ('{"A": 0.2, "B": 0.3, "C": 0.5}', "wrong_sum"),
        ('{"A": -20, "B": 70, "C": 50}', "out_of_range"),
        ('{"A": 120, "B": -10, "C": -10}', "out_of_range"),
        ('{"A": true, "B": 50, "C": 50}', "not_a_number"),
        ('{"A": NaN, "B": 50, "C": 50}', "malformed"),
        ('{"A": 1e999, "B": 50, "C": 50}', "not_a_number"),
        ('{"A": "about 20", "B": 30, "C": 50}', "not_a_number"),
        ('{"A": [20], "B": 30, "C": 50}', "not_a_number"),
        ("[20, 30, 50]", "malformed"),
        ('Sure: {"A": 20, "B": 30, "C": 50}', "malformed"),
        ('{"A": 20, "B": 30, "C": 50} I hope this helps', "malformed"),
        ('```json\n{"A": 100}\n```\n```json\n{"A": 100}\n```', "malformed"),
        ("A: 20%\nB: 30%\nC: 50%\nThat is all", "malformed"),
        ("A: 20%, B: 30%, C: 50%", "no_match"),
        ("[" * 100_000, "malformed"),
        ('{"A": ' + "9" * 5000 + ', "B": 30, "C": 50}', "malformed"),
    ],
)
def test_anything_else_is_a_failure_with_the_raw_reply(reply: str, reason: str) -> None:
    failure = parse_percentages(reply, OPTIONS, LABELS)
    assert isinstance(failure, ParseFailure)
    assert (failure.reason, failure.raw) == (reason, reply)


def test_a_label_goes_before_an_option_that_reads_like_another_label() -> None:
    assert parse_percentages('{"A": 75, "B": 25}', ["B", "A"], ["A", "B"]) == ((0.75, 0.25), 100.0)


@given(st.lists(st.integers(0, 100), min_size=2, max_size=8))
def test_what_is_read_sums_to_one_or_is_a_failure_of_the_sum(numbers: list[int]) -> None:
    labels = [chr(65 + i) for i in range(len(numbers))]
    found = parse_percentages(json.dumps(dict(zip(labels, numbers, strict=True))), labels, labels)
    if 99 <= sum(numbers) <= 101:
        assert not isinstance(found, ParseFailure)
        assert sum(found[0]) == pytest.approx(1.0)
    else:
        assert isinstance(found, ParseFailure)
        assert found.reason == "wrong_sum"


@given(st.text())
def test_reading_never_raises(text: str) -> None:
    for found in (
        parse_percentages(text, OPTIONS, LABELS),
        parse_candidates(text, OPTIONS, LABELS, 2),
        parse_json_number(text, 0, 10),
    ):
        assert isinstance(found, ParseFailure | tuple | float)
    parse_json(text)


def answers(*given: tuple[object, object]) -> str:
    return json.dumps({"answers": [{"answer": answer, "probability": p} for answer, p in given]})


def test_answers_that_name_one_option_add_up_and_what_is_missing_is_left_over() -> None:
    shares, mass = parse_candidates(answers(("A", 0.25), ("C", 0.25), ("a. disagree", 0.25)), OPTIONS, LABELS, 3)  # type: ignore[misc]
    assert mass == 0.75
    assert shares == pytest.approx((2 / 3, 0.0, 1 / 3))


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answers(("A", 0.5)), "malformed"),
        (answers(("A", 0.5), ("D", 0.5)), "no_match"),
        (answers(("A", 0.5), (1, 0.5)), "no_match"),
        (answers(("A", 0.5), ("B", 50)), "out_of_range"),
        (answers(("A", 0.5), ("B", "0.5")), "not_a_number"),
        (answers(("A", 0.9), ("B", 0.9)), "wrong_sum"),
        (answers(("A", 0), ("B", 0)), "wrong_sum"),
        ('{"answers": {"A": 0.5, "B": 0.5}}', "malformed"),
        ('{"answers": [{"answer": "A"}, {"answer": "B", "probability": 1}]}', "malformed"),
        ('{"replies": []}', "malformed"),
        ('[{"answer": "A", "probability": 1}]', "malformed"),
        ("A: 0.5\nB: 0.5", "malformed"),
    ],
)
def test_other_lists_of_answers_are_failures(reply: str, reason: str) -> None:
    failure = parse_candidates(reply, OPTIONS, LABELS, 2)
    assert isinstance(failure, ParseFailure)
    assert (failure.reason, failure.raw) == (reason, reply)


@pytest.mark.parametrize("reply", ['{"number": 12}', '```json\n{"number": 12.0}\n```', "12", "About 12 hours."])
def test_one_number_is_read_from_an_object_or_a_plain_reply(reply: str) -> None:
    assert parse_json_number(reply, 0, 24) == 12.0


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ('{"number": 30}', "out_of_range"),
        ('{"number": -1}', "out_of_range"),
        ('{"number": "12"}', "not_a_number"),
        ('{"number": false}', "not_a_number"),
        ('{"number": null}', "not_a_number"),
        ('{"hours": 12}', "malformed"),
        ('{"number": 12, "unit": "h"}', "malformed"),
        ('{"number": 1, "number": 2}', "malformed"),
        ('{"number": 1', "malformed"),
        ("[12]", "malformed"),
        ("12 or 13", "ambiguous"),
        ("twelve", "not_a_number"),
    ],
)
def test_other_numbers_are_failures(reply: str, reason: str) -> None:
    failure = parse_json_number(reply, 0, 24)
    assert isinstance(failure, ParseFailure)
    assert (failure.reason, failure.raw) == (reason, reply)
