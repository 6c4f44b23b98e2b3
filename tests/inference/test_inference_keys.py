"""Keys are found by name and never show."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.errors import ScenarioError
from socsim.inference.keys import Key, find_key, may_carry_key, redact

SECRET = "sk-canary-0123456789abcdef"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys.env").write_text(f"# keys\nOTHER=1\nexport SOCSIM_TEST_KEY = '{SECRET}'\n", encoding="utf-8")
    monkeypatch.delenv("SOCSIM_TEST_KEY", raising=False)
    assert find_key("SOCSIM_TEST_KEY", "keys.env", tmp_path).reveal() == SECRET
    assert find_key("OTHER", "keys.env", tmp_path).reveal() == "1"
    monkeypatch.setenv("SOCSIM_TEST_KEY", "from the environment".replace(" ", "-"))
    assert find_key("SOCSIM_TEST_KEY", "keys.env", tmp_path).reveal() == "from-the-environment"
    assert not find_key(None, None, None)


@pytest.mark.parametrize(
    ("line", "value"), [("K=abc # mine", "abc"), ('K="a#b"', "a#b"), ("K=a=b", "a=b"), ("K = spaced ", "spaced")]
)
def test_lines_of_a_file_are_read_as_usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, value: str) -> None:
    monkeypatch.delenv("K", raising=False)
    (tmp_path / ".env").write_text(line, encoding="utf-8")
    assert find_key("K", ".env", tmp_path).reveal() == value


def test_what_is_missing_is_said_by_field_and_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOCSIM_TEST_KEY", raising=False)
    with pytest.raises(ScenarioError, match=r"inference\.key.*SOCSIM_TEST_KEY"):
        find_key("SOCSIM_TEST_KEY", None, tmp_path)
    with pytest.raises(ScenarioError, match=r"inference\.env_file.*cannot be read"):
        find_key("SOCSIM_TEST_KEY", "absent.env", tmp_path)
    monkeypatch.setenv("SOCSIM_TEST_KEY", f"{SECRET}\x7f with spaces")
    with pytest.raises(ScenarioError, match="cannot be a key") as caught:
        find_key("SOCSIM_TEST_KEY", None, tmp_path)
    assert SECRET not in str(caught.value)


def test_a_key_shows_itself_nowhere() -> None:
    key = Key(SECRET)
    assert SECRET not in f"{key!r} {key} {[key]}"
    for copying in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            copying(key)


@pytest.mark.parametrize("shown", [SECRET, SECRET[:15] + "***", "…" + SECRET[-14:], SECRET[8:20], SECRET * 2])
def test_keys_are_taken_out_of_words_also_in_part(shown: str) -> None:
    found = redact(f"bad key {shown}!", SECRET)
    assert "canary-01" not in found
    assert "89abcdef" not in found
    assert redact("nothing here", SECRET) == "nothing here"
    assert redact("nothing", "") == "nothing"
    assert redact("the key abc", "abc") == "the key [key]"


@given(
    before=st.text("XYZ \n", max_size=8), after=st.text("XYZ \n", max_size=8), start=st.integers(0, 18), size=st.integers(8, 26)
)
def test_no_eight_characters_of_a_key_are_shown_and_the_words_around_stay(before: str, after: str, start: int, size: int) -> None:
    found = redact(before + SECRET[start : start + size] + after, SECRET)
    assert not any(SECRET[at : at + 8] in found for at in range(len(SECRET) - 7))
    assert found.startswith(before)
    assert "[key]" in found


def test_a_reply_loses_a_key_but_no_word_that_somebody_put_in_place_of_a_key() -> None:
    assert Key(SECRET).cut_out(f"It is {SECRET}.") == "It is [key]."
    assert Key("ollama").cut_out("An ollama is no llama.") == "An ollama is no llama."
    assert Key("").cut_out("Well.") == "Well."


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://api.example.com/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost/v1", True),
        ("http://10.0.0.7:8000/v1", False),
        ("http://localhost.evil.example/v1", False),
    ],
)
def test_keys_travel_encrypted_or_not_at_all(address: str, allowed: bool) -> None:
    assert may_carry_key(address) == allowed
