"""What engines noted stands on the page, counted and as text; nothing where they noted nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_run import fake_run
from socsim_analysis.report import render_report

HEADING = "What engines noted"


def page_of(notes: Sequence[Any] | None) -> str:
    """The part on how the run was made, for calls with these notes; None for calls from before there were notes."""
    run = fake_run()
    call = run.calls.iloc[0].to_dict()
    calls = pd.DataFrame([call] * len(notes or (1,)))
    if notes is not None:
        calls["notes"] = pd.Series(list(notes), dtype=object)
    found = re.search(r'<section id="run">(.*?)</section>', render_report(replace(run, calls=calls)), flags=re.S)
    assert found
    return found[1]


def text_of(part: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)))


def test_notes_are_counted_over_calls_the_most_frequent_first() -> None:
    notes = [None, np.array(["rare"], dtype=object), ["usual", "rare"], ("usual", "usual"), ["usual"], []]
    text = text_of(page_of(notes))
    assert f"{HEADING}, in 6 recorded calls. note calls usual 3 rare 2 " in text


def test_a_note_is_text_and_never_markup() -> None:
    part = page_of([["<script>alert(1)</script> & \u202eevil"]])
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; \N{REPLACEMENT CHARACTER}evil" in part
    assert "<script>" not in part


def test_many_different_notes_are_summed_up() -> None:
    text = text_of(page_of([["usual"], ["usual"], *([f"wrote {n:02} tokens"] for n in range(40))]))
    assert "usual 2 " in text
    assert "wrote 18 tokens 1 21 other notes, each rarer 21 " in text
    assert "wrote 19 tokens" not in text


@pytest.mark.parametrize("notes", [None, [None], [[], np.array([], dtype=object)]])
def test_where_nothing_was_noted_nothing_is_said(notes: list[Any] | None) -> None:
    assert HEADING not in page_of(notes)
