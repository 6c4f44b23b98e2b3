"""Whole options from single tokens: equal to the sum over explicit token sequences, whatever is shared or joined."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.inference.option_tries import OptionTrie, Path, build_trie, probability_of_beginning, score_options
from socsim.inference.types import Request, TokenPiece

END = 0
VOCABULARY = (" happy", "happy", " ", "ab", "a", "b", "c", "1", "11", ".", ",", "\n", "Answer", ":")
IDS = {text: number for number, text in enumerate(VOCABULARY, start=1)}
TEMPLATE = TokenPiece("<|assistant|>", (99,), template=True)


def tokens_of(text: str) -> Path:
    """Greedy longest match, so that neighbouring characters join."""
    ids: list[int] = []
    while text:
        token = max((one for one in VOCABULARY if text.startswith(one)), key=len)
        ids.append(IDS[token])
        text = text[len(token) :]
    return tuple(ids)


def piece(text: str) -> TokenPiece:
    return TokenPiece(text, tokens_of(text))


def request(candidates: Sequence[str], terminators: Sequence[str] = ()) -> Request:
    return Request("score", (), candidates=tuple(candidates), terminators=tuple(terminators))


class Table:
    """Random next-token probabilities after any path; the same path always gives the same."""

    def __init__(self, seed: int, impossible: frozenset[int] = frozenset()) -> None:
        self.seed, self.impossible = seed, impossible
        self.asked: list[Path] = []

    def row(self, path: Path) -> dict[int, float]:
        rng = random.Random(f"{self.seed}/{path}")
        weights = [0.0 if token in self.impossible else rng.random() + 1e-9 for token in range(len(VOCABULARY) + 1)]
        return {token: math.log(w / sum(weights)) if w else -math.inf for token, w in enumerate(weights)}

    def next_logprobs(self, path: Path, tokens: Sequence[int]) -> dict[int, float]:
        self.asked.append(path)
        return {token: self.row(path)[token] for token in tokens}

    def along(self, path: Path) -> float:
        return math.prod(math.exp(self.row(path[:depth])[token]) for depth, token in enumerate(path))


words = st.lists(st.text("abc1", min_size=1, max_size=4), min_size=1, max_size=5, unique=True)
marks = st.lists(st.sampled_from([".", ",", "\n", "", "1", "ab"]), max_size=4, unique=True)


@settings(max_examples=150, deadline=None)
@given(words, marks, st.integers(0, 5))
def test_scores_equal_the_sum_over_whole_sequences(candidates: list[str], terminators: list[str], seed: int) -> None:
    trie = build_trie(request(candidates, terminators), TEMPLATE, END, tokens_of)
    table = Table(seed)
    scores = score_options(trie, table.next_logprobs)
    assert trie.taken_back == 0
    for candidate, score in zip(candidates, scores, strict=True):
        sequences = {(*tokens_of(candidate), END) if mark == "" else tokens_of(candidate + mark) for mark in terminators}
        sequences = sequences or {tokens_of(candidate)}
        # Sequences that begin with another are part of its event.
        free = [one for one in sequences if not any(one != other and one[: len(other)] == other for other in sequences)]
        assert math.exp(score) == pytest.approx(math.fsum(map(table.along, free)), rel=1e-9)
        assert score <= 0.0


@settings(max_examples=100, deadline=None)
@given(words, st.integers(0, 5))
def test_every_node_is_asked_once_and_after_its_parent(candidates: list[str], seed: int) -> None:
    table = Table(seed)
    trie = build_trie(request(candidates, (".", "")), TEMPLATE, END, tokens_of)
    score_options(trie, table.next_logprobs)
    assert len(set(table.asked)) == len(table.asked)
    assert table.asked[0] == ()
    for path in table.asked[1:]:
        assert path[:-1] in table.asked[: table.asked.index(path)]


def test_terminated_options_never_sum_to_more_than_one() -> None:
    alphabet = ["".join(letters) for size in (1, 2) for letters in itertools.product("abc1", repeat=size)]
    trie = build_trie(request(alphabet, (".", ",", "\n", "")), TEMPLATE, END, tokens_of)
    for seed in range(20):
        assert math.fsum(map(math.exp, score_options(trie, Table(seed).next_logprobs))) <= 1.0


def test_terminators_keep_an_option_apart_from_one_that_begins_with_it() -> None:
    table = Table(3)
    bare = score_options(build_trie(request(["a", "aa"]), TEMPLATE, END, tokens_of), table.next_logprobs)
    ended = score_options(build_trie(request(["a", "aa"], ["."]), TEMPLATE, END, tokens_of), table.next_logprobs)
    a, dot = IDS["a"], IDS["."]
    assert math.exp(bare[0]) == pytest.approx(table.along((a,)))
    assert math.exp(ended[0]) == pytest.approx(table.along((a, dot)))
    assert math.exp(ended[1]) == pytest.approx(table.along((a, a, dot)))
    # "1" and "11" are different tokens here and share nothing.
    assert build_trie(request(["1", "11"]), TEMPLATE, END, tokens_of).paths == (((IDS["1"],),), ((IDS["11"],),))


def test_tokens_that_join_the_prompt_with_an_option_are_taken_back() -> None:
    last = piece("Answer: ")
    trie = build_trie(request(["happy", "c"]), last, END, tokens_of)
    assert trie.taken_back == 1
    assert trie.paths == (((IDS[" happy"],),), ((IDS[" "], IDS["c"]),))
    table = Table(1)
    scores = score_options(trie, table.next_logprobs)
    assert [math.exp(score) for score in scores] == [
        pytest.approx(table.along((IDS[" happy"],))), pytest.approx(table.along((IDS[" "], IDS["c"]))),
    ]  # fmt: skip
    assert build_trie(request(["c"]), last, END, tokens_of).taken_back == 0


def bytes_of(token: int) -> bytes:
    return b"" if token == END else VOCABULARY[token - 1].encode()


def test_the_end_that_is_taken_back_is_as_likely_as_all_that_begins_with_it() -> None:
    trie = build_trie(request(["happy", "c"]), piece("Answer: "), END, tokens_of)
    table = Table(1)
    prefix = probability_of_beginning((IDS[" "],), trie, table.row, bytes_of)
    assert math.exp(prefix) == pytest.approx(table.along((IDS[" "],)) + table.along((IDS[" happy"],)))


def test_an_end_of_several_tokens_is_followed_along_the_ways_that_are_taken() -> None:
    a, ab, b, c = (IDS[text] for text in ("a", "ab", "b", "c"))
    trie = OptionTrie(paths=(((ab,),), ((a, b, c),)), children=(), taken_back=2)
    table = Table(2)
    prefix = probability_of_beginning((a, b), trie, table.row, bytes_of)
    assert math.exp(prefix) == pytest.approx(table.along((ab,)) + table.along((a, b)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["happy", "b", "bc", "c", "1", "happya"]), min_size=1, unique=True), st.integers(0, 9))
def test_options_are_never_likelier_than_what_they_begin_with(candidates: list[str], seed: int) -> None:
    trie = build_trie(request([*candidates, "happy"], (".", ",")), piece("a "), END, tokens_of)
    assert trie.taken_back > 0
    table = Table(seed)
    end = tokens_of("a ")[-trie.taken_back :]
    prefix = probability_of_beginning(end, trie, table.row, bytes_of)
    assert math.fsum(map(math.exp, set(score_options(trie, table.next_logprobs)))) <= math.exp(prefix) <= 1.0


def test_options_do_not_join_with_the_template() -> None:
    template = TokenPiece("Answer: ", tokens_of("Answer: "), template=True)
    assert build_trie(request(["happy"]), template, END, tokens_of).paths == (((IDS["happy"],),),)


def test_impossible_tokens_give_minus_infinity_and_spoil_nothing() -> None:
    table = Table(2, impossible=frozenset({IDS["b"]}))
    scores = score_options(build_trie(request(["b", "cb", "c"]), TEMPLATE, END, tokens_of), table.next_logprobs)
    assert scores[:2] == (-math.inf, -math.inf)
    assert math.isfinite(scores[2])
    half = build_trie(request(["c"], ["b", "."]), TEMPLATE, END, tokens_of)
    (score,) = score_options(half, table.next_logprobs)
    assert math.exp(score) == pytest.approx(table.along((IDS["c"], IDS["."])))


def test_candidate_ids_end_with_the_first_terminator() -> None:
    trie = build_trie(request(["a", "c"], ["", "."]), TEMPLATE, END, tokens_of)
    assert trie.candidate_ids == ((IDS["a"], END), (IDS["c"], END))


@pytest.mark.parametrize(
    ("asked", "end", "message"),
    [
        (request(["a", ""]), END, "adds no token"),
        (request(["a"], [".", ""]), None, "no token that ends a reply"),
    ],
)
def test_what_cannot_be_scored_is_an_error(asked: Request, end: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_trie(asked, TEMPLATE, end, tokens_of)
