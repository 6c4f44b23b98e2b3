from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socsim.memory.things import Thing, fitting, shortened, tokens_in, whole_sentences
from socsim.scenario.remembering import tokens_of

TEXTS = st.text(max_size=60)


@given(st.lists(TEXTS, max_size=12), st.integers(10, 200))
def test_what_fits_is_the_longest_end_within_the_bound(texts: list[str], bound: int) -> None:
    things = [Thing("seen", 0, text) for text in texts]
    kept = fitting(things, bound)
    assert kept == things[len(things) - len(kept) :]
    assert tokens_in(kept) <= bound
    if len(kept) < len(things):
        assert tokens_in(things[len(things) - len(kept) - 1 :]) > bound


@given(TEXTS, st.integers(0, 20))
def test_what_is_shortened_fits_and_is_the_beginning(text: str, bound: int) -> None:
    for cut in (shortened(text, bound), whole_sentences(text, bound)):
        assert tokens_of(cut) <= bound
        assert text.startswith(cut.removesuffix("…"))
        if tokens_of(text) <= bound:
            assert cut == text


def test_letters_of_several_bytes_are_not_cut_in_two() -> None:
    assert shortened("äöüäöü", 3) == "äöü…"
    assert shortened("公共交通", 3) == "公共…"


def test_a_text_ends_with_its_last_whole_sentence_that_fits() -> None:
    assert whole_sentences("Buses are late. Nobody minds. I walk home every day.", 12) == "Buses are late. Nobody minds."
    assert whole_sentences("Buses are late every day", 5) == "Buses are la…"
    assert whole_sentences("Short.", 5) == "Short."


def test_tokens_are_judged_by_bytes_so_that_other_scripts_count_too() -> None:
    assert tokens_of("公共交通") == 4
    assert tokens_of("buses") == 2
