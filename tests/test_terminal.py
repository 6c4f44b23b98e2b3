"""Text from models and files cannot steer a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from socsim.terminal import visible


def test_control_characters_become_escapes_and_lines_stay() -> None:
    assert visible("a\x1b[2J\tb\nc\r\u202ed\x9b") == "a\\x1b[2J\tb\nc\\r\\u202ed\\x9b"


def test_letters_of_any_language_stay() -> None:
    text = "Grüße, 你好, שלום, 👋"
    assert visible(text) == text


@given(st.text())
def test_no_control_character_gets_through(text: str) -> None:
    assert all(unicodedata.category(letter) not in ("Cc", "Cs") or letter in "\t\n" for letter in visible(text))
