"""Whole options from calls of one token each: what is asked, when, what it comes to, and what it costs."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Mapping, Sequence

import pytest

from socsim.inference.option_tries import OptionTrie, build_trie
from socsim.inference.types import Completion, Request, TokenPiece, Usage
from socsim.inference.vllm_scoring import score_trie

TEXTS = {1: b"a", 2: b"b", 3: b"ab", 4: b"c", 5: b"abc"}


class Model:
    """Gives log-probabilities by a fixed rule and counts what it is asked; blocks of four tokens are kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.running = 0
        self.most_running = 0

    @staticmethod
    def logprob(ids: Sequence[int], token: int) -> float:
        weights = {one: 1.0 + (7 * sum(ids) + 3 * len(ids) + one * one) % 5 for one in TEXTS}
        return math.log(weights[token] / sum(weights.values()))

    async def ask(self, ids: Sequence[int], tokens: Sequence[int]) -> tuple[Mapping[int, float], int]:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        cached = 0 if not self.asked else len(self.asked[0][0]) // 4 * 4
        self.asked.append((tuple(ids), tuple(tokens)))
        return {token: self.logprob(ids, token) for token in tokens}, cached


def scored(model: Model, ids: list[int], trie: OptionTrie) -> tuple[tuple[float, ...], Usage]:
    return asyncio.run(score_trie(ids, trie, model.ask, lambda: TEXTS))


def trie_of(*paths: tuple[int, ...], taken_back: int = 0) -> OptionTrie:
    nodes: dict[tuple[int, ...], dict[int, None]] = {}
    for path in paths:
        for depth, token in enumerate(path):
            nodes.setdefault(path[:depth], {})[token] = None
    return OptionTrie(tuple((path,) for path in paths), tuple((n, tuple(nodes[n])) for n in sorted(nodes)), taken_back)


def test_an_option_has_the_product_along_its_tokens() -> None:
    model, prompt = Model(), [9, 9, 9, 9, 9]
    found, _ = scored(model, prompt, trie_of((1, 2), (1, 4), (3,)))
    for value, path in zip(found, [(1, 2), (1, 4), (3,)], strict=True):
        along = [model.logprob(prompt + list(path[:depth]), token) for depth, token in enumerate(path)]
        assert value == pytest.approx(math.fsum(along))


def test_each_node_is_asked_once_the_first_alone_and_the_others_side_by_side() -> None:
    model = Model()
    scored(model, [9], trie_of((1, 2), (1, 4), (2, 4), (2, 1), (4, 1), (4, 2)))
    assert model.asked[0] == ((9,), (1, 2, 4))
    assert sorted(model.asked[1:]) == [((9, 1), (2, 4)), ((9, 2), (4, 1)), ((9, 4), (1, 2))]
    assert model.most_running == 3


def test_the_cost_is_what_was_computed_for_all_calls_together() -> None:
    _, usage = scored(Model(), [9] * 9, trie_of((1, 2), (1, 4), (2, 4)))
    # Nine tokens at first, then twice the two that no block of four holds.
    assert usage == Usage(prompt_tokens=9, cached_tokens=0)
    model = Model()
    model.asked.append(((9,) * 9, ()))
    _, usage = scored(model, [9] * 9, trie_of((1,), (2,)))
    assert usage == Usage(prompt_tokens=9, cached_tokens=8)


def test_where_the_tokenizer_joins_the_prompts_end_the_scores_are_of_what_follows_it() -> None:
    """The prompt ends in "a", options are "b" and "bc": written "ab" and "abc" in one token each."""
    model, prompt = Model(), [9, 1]
    found, _ = scored(model, prompt, trie_of((3,), (5,), taken_back=1))
    begins = math.fsum(math.exp(model.logprob([9], token)) for token, text in TEXTS.items() if text.startswith(b"a"))
    assert found == pytest.approx([model.logprob([9], token) - math.log(begins) for token in (3, 5)])
    assert {ids for ids, _ in model.asked} == {(9,)}


def test_an_end_of_several_tokens_counts_in_each_way_it_is_written() -> None:
    """The prompt ends in "a", "b"; the option makes "abc" of it, in one token."""
    model, prompt = Model(), [9, 1, 2]
    found, _ = scored(model, prompt, trie_of((5,), taken_back=2))

    def p(ids: list[int], token: int) -> float:
        return math.exp(model.logprob(ids, token))

    begins = p([9], 3) + p([9], 5) + p([9], 1) * p([9, 1], 2)
    assert found[0] == pytest.approx(math.log(p([9], 5) / begins))


def test_options_are_never_likelier_than_one() -> None:
    for taken_back, size in itertools.product((0, 1), (1, 2, 3)):
        found, _ = scored(Model(), [9, 1], trie_of(*((3,), (5,), (1, 4))[:size], taken_back=taken_back))
        assert all(value <= 0.0 for value in found)


def test_a_tree_from_a_request_is_scored_as_it_stands() -> None:
    ids = {"b": (2,), "c": (4,)}
    request = Request("score", (), candidates=("b", "c"))
    trie = build_trie(request, TokenPiece("", (), template=True), None, ids.__getitem__)
    found, _ = scored(Model(), [9], trie)
    completion = Completion(finish_reason="scored", logprobs=found, candidate_ids=trie.candidate_ids)
    assert completion.candidate_ids == ((2,), (4,))
