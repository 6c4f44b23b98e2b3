"""Probabilities of options from what llama.cpp lists, on a stand-in for it with a known distribution."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from socsim.errors import Unavailable
from socsim.inference.llama_scoring import Counted, OptionScorer
from socsim.inference.llama_slots import Visit
from socsim.inference.option_tries import OptionTrie

TEXTS = ["", *(f" w{number}" for number in range(1, 3000))]
BEGUN = (" w1", " w10", " w17", " w170", " w1700")
VISIT = Visit(0)


class FakeServer:
    """A fixed distribution after every prompt, listed from the likeliest on, and llama.cpp's two ways of telling it."""

    def __init__(self, *, draws_part_of_a_character: bool = False, lists: int = 1 << 30) -> None:
        self.broken = draws_part_of_a_character
        self.lists = lists
        self.asked: list[tuple[str, int]] = []

    def logprobs(self, ids: Sequence[int]) -> dict[int, float]:
        rng = random.Random(str(list(ids)))
        weights = [math.exp(3.0 * rng.gauss(0.0, 1.0)) for _ in TEXTS]
        total = math.log(math.fsum(weights))
        return {token: math.log(weight) - total for token, weight in enumerate(weights)}

    def next_tokens(self, slot: int, ids: Sequence[int], listed: int, gone: Callable[[], bool]) -> dict[str, Any]:
        self.asked.append(("listed", listed))
        likeliest = sorted(self.logprobs(ids).items(), key=lambda pair: -pair[1])[: min(listed, self.lists)]
        rows = [{"id": token, "logprob": value} for token, value in likeliest]
        return self._answer(ids, {"top_logprobs": rows})

    def ratios(
        self, slot: int, ids: Sequence[int], tokens: Sequence[int], lift: float, gone: Callable[[], bool]
    ) -> dict[str, Any]:
        self.asked.append(("ratios", len(tokens)))
        if self.broken:
            return self._answer(ids, {})
        found = self.logprobs(ids)
        total = math.fsum(math.exp(found[token]) for token in tokens)
        return self._answer(ids, {"top_probs": [{"id": token, "prob": math.exp(found[token]) / total} for token in tokens]})

    def token_bytes(self, slot: int, gone: Callable[[], bool]) -> dict[int, bytes]:
        return {token: text.encode() for token, text in enumerate(TEXTS)}

    def _answer(self, ids: Sequence[int], first: dict[str, Any]) -> dict[str, Any]:
        probabilities = [first] if first else []
        return {"tokens_evaluated": len(ids), "timings": {"cache_n": 1}, "completion_probabilities": probabilities}


def by_rank(server: FakeServer, ids: Sequence[int], *ranks: int) -> tuple[int, ...]:
    ordered = [token for token, _ in sorted(server.logprobs(ids).items(), key=lambda pair: -pair[1])]
    return tuple(ordered[rank] for rank in ranks)


def trie_of(tokens: Sequence[int]) -> OptionTrie:
    return OptionTrie(tuple(((token,),) for token in tokens), (((), tuple(tokens)),), 0)


def scored(server: FakeServer, ids: Sequence[int], trie: OptionTrie) -> tuple[tuple[float, ...], Counted]:
    counted = Counted(0, len(ids))
    return OptionScorer(server).score(ids, trie, VISIT, counted), counted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ranks", "kinds"),
    [
        ((0, 1, 5), ["listed"]),
        ((0, 700, 2900), ["listed", "ratios"]),
        ((500, 2900), ["listed", "listed", "ratios"]),
        ((2500, 2900), ["listed", "listed", "listed"]),
    ],
)
def test_options_have_their_probabilities_however_unlikely(ranks: tuple[int, ...], kinds: list[str]) -> None:
    server, ids = FakeServer(), [4, 5]
    tokens = by_rank(server, ids, *ranks)
    found, counted = scored(server, ids, trie_of(tokens))
    assert found == pytest.approx([server.logprobs(ids)[token] for token in tokens], abs=1e-9)
    assert [kind for kind, _ in server.asked] == kinds
    assert (counted.prompt, counted.cached) == (2 * len(kinds), len(kinds))


def test_where_ratios_cannot_be_had_longer_lists_are_asked() -> None:
    server, ids = FakeServer(draws_part_of_a_character=True), [4, 5]
    tokens = by_rank(server, ids, 0, 2900)
    found, _ = scored(server, ids, trie_of(tokens))
    assert found == pytest.approx([server.logprobs(ids)[token] for token in tokens], abs=1e-9)
    assert [kind for kind, _ in server.asked] == ["listed", "ratios", "listed", "listed"]


def test_tokens_that_are_never_listed_are_an_error() -> None:
    server, ids = FakeServer(lists=10), [4, 5]
    with pytest.raises(Unavailable, match="does not list"):
        scored(server, ids, trie_of(by_rank(server, ids, 2900)))


def test_what_was_taken_back_is_taken_as_given() -> None:
    """The prompt ends in " w1", which joins with "7" and "70" to other tokens."""
    server, ids = FakeServer(), [4, TEXTS.index(" w1")]
    options = [TEXTS.index(" w17"), TEXTS.index(" w170")]
    trie = OptionTrie(tuple(((token,),) for token in options), (((), tuple(options)),), 1)
    found, _ = scored(server, ids, trie)
    all_of_them = server.logprobs([4])
    begun = math.fsum(math.exp(value) for token, value in all_of_them.items() if TEXTS[token].startswith(" w1"))
    assert found == pytest.approx([all_of_them[token] - math.log(begun) for token in options], abs=1e-9)
    assert math.fsum(map(math.exp, found)) < 1.0


def test_tokens_computed_on_the_way_are_not_cached() -> None:
    counted = Counted(prefilled=3, length=10)
    counted.add({"tokens_evaluated": 10, "timings": {"cache_n": 8}})
    assert counted.usage(2).cached_tokens == 5
    counted.prefilled = 20
    assert counted.usage(2).cached_tokens == 0


def test_a_prompt_counts_once_however_many_calls_its_options_take() -> None:
    counted = Counted(prefilled=0, length=10)
    counted.add({"tokens_evaluated": 10, "timings": {"cache_n": 4}})
    counted.add({"tokens_evaluated": 11, "timings": {"cache_n": 10}})
    usage = counted.usage(0)
    assert (usage.prompt_tokens, usage.cached_tokens) == (10, 3)
