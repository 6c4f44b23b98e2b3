"""Markdown: texts of a run stay texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socsim_analysis.markdown import md_code_block, md_inline_code, md_list, md_table, md_text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[click](javascript:x) ![i](u)", r"\[click\](javascript:x) !\[i\](u)"),
        ("**b** _i_ snake_case `c`", r"\*\*b\*\* \_i\_ snake_case \`c\`"),
        ("a | b", r"a \| b"),
        ("# no heading", r"\# no heading"),
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("> no quote", "&gt; no quote"),
        ("---", r"\---"),
        ("two\nlines\n\n# here", "two lines # here"),
        ("−0.12 to 0.3", "−0.12 to 0.3"),
        ("a\\*b", r"a\\\*b"),
    ],
)
def test_texts_are_escaped(text: str, written: str) -> None:
    assert md_text(text) == written


@given(st.text())
def test_no_text_makes_a_tag_a_link_or_a_second_line(text: str) -> None:
    written = md_text(text)
    assert "\n" not in written
    assert not re.search(r"[<>]", written)
    for mark in re.finditer(r"[`*\[\]|]", written):
        backslashes = len(written[: mark.start()]) - len(written[: mark.start()].rstrip("\\"))
        assert backslashes % 2 == 1


@given(st.text(alphabet="`~ax\n"))
def test_no_text_ends_its_block_of_code(text: str) -> None:
    first, *body, last = md_code_block(text).split("\n")
    fence = first.removesuffix("text")
    assert last == fence
    assert not any(line.strip().startswith(fence) for line in body)
    inline = md_inline_code(text)
    marks = re.match(r"`+", inline)
    assert marks is not None
    assert inline.endswith(marks[0])
    assert marks[0] not in inline[len(marks[0]) : -len(marks[0])]


def test_tables_and_lists() -> None:
    assert md_table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert md_list(["x", "y"]) == "- x\n- y"
