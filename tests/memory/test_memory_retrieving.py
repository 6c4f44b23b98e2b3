from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.inference.vectors import pack_vector
from socsim.memory.retrieving import likeness, relevance, retrieved, scaled, scores
from socsim.memory.things import Thing, tokens_in
from socsim.scenario.remembering import MemorySpec

THINGS = [
    Thing("seen", step, text) for step, text in enumerate(["buses are late", "the park is green", "buses should be free", "rain"])
]


def spec_of(k: int = 2, **weights: float) -> MemorySpec:
    none = {"recency": 0.0, "importance": 0.0, "relevance": 0.0}
    return MemorySpec.model_validate({"kind": "retrieval", "k": k, "weights": none | weights})


@given(st.lists(st.one_of(st.none(), st.floats(-100, 100)), max_size=10))
def test_scaled_values_reach_from_nought_to_one_or_are_all_nought(values: list[float | None]) -> None:
    found = scaled(values)
    assert all(0.0 <= value <= 1.0 for value in found)
    known = [value for value in values if value is not None]
    if known and max(known) > min(known):
        assert (min(found), max(found)) == (0.0, 1.0)
    else:
        assert not any(found)


def test_relevance_is_that_of_scikit_learns_formula() -> None:
    """Term counts times ln((1 + n) / (1 + df)) + 1, cosine; computed here by hand for two words."""
    texts = ["bus bus", "bus park"]
    bus, park = math.log(3 / 3) + 1, math.log(3 / 2) + 1
    length = math.hypot(bus, park)
    assert relevance(texts, "bus") == pytest.approx([1.0, bus / length])
    assert relevance(texts, "park") == pytest.approx([0.0, park / length])
    assert relevance(texts, "nothing of this") == [0.0, 0.0]


def test_each_weight_alone_decides() -> None:
    things = [*THINGS[:3], Thing("seen", 3, "rain", 1.0), Thing("said", 0, "war", 9.0)]
    relevant = relevance([thing.text for thing in things], "should buses be free")

    def best(**weights: float) -> list[str]:
        return [thing.text for thing in retrieved(things, relevant, 4, spec_of(1, **weights), 100)]

    assert best(recency=1) == ["rain"]
    assert best(importance=1) == ["war"]
    assert best(relevance=1) == ["buses should be free"]


def test_scores_are_the_weighted_sums_of_what_is_scaled() -> None:
    """By hand: recency .9^2, .9, 1 scaled to 0, 9/19, 1; importance 2, 8, none to 0, 1, 0; relevance .5, 0, .25 to 1, 0, .5."""
    things = [Thing("seen", 0, "a", 2.0), Thing("seen", 1, "b", 8.0), Thing("seen", 2, "c", None)]
    found = scores(things, [0.5, 0.0, 0.25], 2, spec_of(recency=1.0, importance=2.0, relevance=4.0))
    assert found == pytest.approx([4.0, 9 / 19 + 2.0, 1.0 + 2.0])


def test_what_is_retrieved_stands_in_the_order_in_which_it_happened() -> None:
    relevant = relevance([thing.text for thing in THINGS], "free buses")
    found = retrieved(THINGS, relevant, 4, spec_of(relevance=1.0), 100)
    assert [thing.text for thing in found] == ["buses are late", "buses should be free"]
    assert retrieved([], [], 0, spec_of(), 10) == []


def test_what_does_not_fit_is_passed_over_for_what_does() -> None:
    things = [Thing("seen", 0, "short"), Thing("seen", 1, "a very long story of a bus " * 3)]
    assert [thing.text for thing in retrieved(things, [0.1, 0.9], 2, spec_of(relevance=1.0), 10)] == ["short"]


@given(st.lists(st.tuples(st.text(max_size=40), st.floats(0, 1)), max_size=12), st.integers(1, 5), st.integers(0, 40))
def test_never_more_than_k_things_and_never_beyond_the_bound(found: list[tuple[str, float]], k: int, bound: int) -> None:
    things = [Thing("seen", step, text) for step, (text, _) in enumerate(found)]
    picked = retrieved(things, [value for _, value in found], len(things), spec_of(k, relevance=1.0), bound)
    assert len(picked) <= k
    assert tokens_in(picked) <= bound
    assert [thing.step for thing in picked] == sorted(thing.step for thing in picked)


def test_likeness_is_the_cosine_of_embeddings_and_nought_without_one() -> None:
    things = [Thing("seen", 0, "a", vector=pack_vector((1.0, 1.0))), Thing("seen", 0, "b")]
    assert likeness(things, pack_vector((2.0, 0.0))) == pytest.approx([math.sqrt(0.5), 0.0])
    assert likeness(things, "") == [0.0, 0.0]
