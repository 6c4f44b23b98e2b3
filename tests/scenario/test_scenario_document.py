from __future__ import annotations

import math

import pytest

from socsim.errors import ScenarioError
from socsim.scenario.document import MAX_DEPTH, parse_document


def test_scalars_are_read_as_yaml_1_2_core_schema() -> None:
    text = "a: no\nb: 12:30\nc: 1_000\nd: 2012-01-01\ne: true\nf: ~\ng: 0x1F\nh: 0o17\ni: 1e3\nj: '7'\nk: -.inf\nl: 007\n"
    assert parse_document(text, "f").root.data == {
        "a": "no", "b": "12:30", "c": "1_000", "d": "2012-01-01", "e": True, "f": None,
        "g": 31, "h": 15, "i": 1000.0, "j": "7", "k": -math.inf, "l": 7,
    }  # fmt: skip


def test_keys_are_always_text() -> None:
    assert parse_document("1: a\non: b\nnull: c\n", "f").root.data == {"1": "a", "on": "b", "null": "c"}


def test_every_value_knows_where_it_stands() -> None:
    root = parse_document("a: 1\nb:\n  - x\n  - {c: 2}\n", "f").root
    places = {path: (node.line, node.column, node.key_place) for path, node in root.walk()}
    assert places["a",] == (1, 4, (1, 1))
    assert places["b", 0] == (3, 5, None)
    assert places["b", 1, "c"] == (4, 9, (4, 6))


def test_a_file_of_laughs_is_refused_before_it_grows() -> None:
    text = "a: &a [x]\n" + "\n".join(f"k{i}: [*a, *a]" for i in range(1000))
    with pytest.raises(ScenarioError, match="anchors") as caught:
        parse_document(text, "f")
    assert caught.value.problems[0].line == 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded(opening: str) -> None:
    with pytest.raises(ScenarioError, match=rf"deeper than {MAX_DEPTH}|not valid YAML"):
        parse_document("a:\n  " + opening * 5000, "f")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "null\n"])
def test_an_empty_file_is_named_so(text: str) -> None:
    with pytest.raises(ScenarioError, match="the file is empty"):
        parse_document(text, "f")


@pytest.mark.parametrize("text", ["- a\n", "text\n", "3\n", "[a]\n"])
def test_the_top_must_be_a_mapping(text: str) -> None:
    with pytest.raises(ScenarioError, match="a scenario is a mapping"):
        parse_document(text, "f")


@pytest.mark.parametrize(
    "text", ['a: "\\UFFFFFFFF"', 'a: "\\xZZ"', "%YAML 1.2 x\n---\na: 1", "a: \x07", "a: |9999\n x", "!<: a", "a: !!", "? ", "&"]
)
def test_broken_text_is_a_problem_with_a_line_and_never_another_error(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_document(text, "f")
    assert all(problem.line > 0 and problem.fix for problem in caught.value.problems)


def test_a_quoted_empty_key_is_a_key_and_a_bare_one_is_none() -> None:
    assert parse_document('labels: {"": none, a: b}', "f").root.data == {"labels": {"": "none", "a": "b"}}
    with pytest.raises(ScenarioError, match="a key is empty"):
        parse_document("labels: {: none}", "f")
