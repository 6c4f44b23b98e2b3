from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.memory.things import Thing, fitting, relevance, retrieved, scaled, tokens_of
from socsim.scenario.remembering import MemorySpec

THINGS = [
    Thing("seen", step, text) for step, text in enumerate(["buses are late", "the park is green", "buses should be free", "rain"])
]


@given(st.lists(st.text(max_size=60), max_size=12), st.integers(10, 200))
def test_what_fits_is_the_longest_end_within_the_bound(texts: list[str], bound: int) -> None:
    things = [Thing("seen", 0, text) for text in texts]
    kept = fitting(things, bound)
    assert kept == things[len(things) - len(kept) :]
    assert sum(tokens_of(thing.text) for thing in kept) <= bound
    if len(kept) < len(things):
        assert sum(tokens_of(thing.text) for thing in things[len(things) - len(kept) - 1 :]) > bound


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=10))
def test_scaled_values_reach_from_nought_to_one_or_are_all_nought(values: list[float]) -> None:
    found = scaled(values)
    assert all(0.0 <= value <= 1.0 for value in found)
    if max(values) > min(values):
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
    def best(**weights: float) -> list[str]:
        spec = MemorySpec.model_validate(
            {"kind": "retrieval", "k": 1, "weights": {"recency": 0, "importance": 0, "relevance": 0} | weights}
        )
        things = [*THINGS[:3], Thing("seen", 3, "rain", 1.0), Thing("said", 0, "war", 9.0)]
        return [thing.text for thing in retrieved(things, "should buses be free", 4, spec)]

    assert best(recency=1) == ["rain"]
    assert best(importance=1) == ["war"]
    assert best(relevance=1) == ["buses should be free"]


def test_what_is_retrieved_stands_in_the_order_in_which_it_happened() -> None:
    spec = MemorySpec.model_validate({"kind": "retrieval", "k": 2, "weights": {"recency": 0.0, "importance": 0.0}})
    assert [thing.text for thing in retrieved(THINGS, "free buses", 4, spec)] == ["buses are late", "buses should be free"]
    assert retrieved([], "x", 0, spec) == []
