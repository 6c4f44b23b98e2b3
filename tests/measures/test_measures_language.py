"""Variety and reuse of texts by hand, distances of vectors against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.spatial.distance
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures import content_contagion, distinct_n, mean_embedding_distance, ngrams

texts = st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=5)


def test_ngrams_know_neither_case_nor_punctuation() -> None:
    assert ngrams("Der Straße, der STRASSE!", 1) == (("der",), ("strasse",), ("der",), ("strasse",))
    assert ngrams(["a", "b"], 2) == (("a", "b"),)
    assert ngrams("one", 2) == ()
    with pytest.raises(ValueError, match="at least one"):
        ngrams("one", 0)


@settings(max_examples=50, deadline=None)
@given(texts, st.integers(1, 3))
def test_distinct_n_equals_counting(tokens: list[list[str]], n: int) -> None:
    grams = [tuple(text[i : i + n]) for text in tokens for i in range(len(text) - n + 1)]
    expected = len(set(grams)) / len(grams) if grams else math.nan
    assert distinct_n(tokens, n) == pytest.approx(expected, nan_ok=True)
    assert distinct_n([" ".join(text) for text in tokens[::-1]], n) == pytest.approx(expected, nan_ok=True)


def test_distinct_n_of_nobody_one_and_copies() -> None:
    assert math.isnan(distinct_n([], 1))
    assert math.isnan(distinct_n([None, ""], 1))
    assert distinct_n(["all words differ", None], 1) == 1.0
    assert distinct_n(["same words"] * 5, 2) == pytest.approx(0.2)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 8), st.integers(1, 5), st.integers(0, 99))
def test_embedding_distance_equals_scipy(n: int, size: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n, size))
    expected = scipy.spatial.distance.pdist(vectors, "cosine").mean()
    assert mean_embedding_distance(vectors) == pytest.approx(expected, abs=1e-9)
    assert mean_embedding_distance(vectors[::-1] * 1e-200) == pytest.approx(expected, abs=1e-9)
    assert -1e-12 <= mean_embedding_distance(vectors) <= n / (n - 1) + 1e-12


def test_embedding_distance_of_nobody_copies_opposites_and_missing() -> None:
    assert math.isnan(mean_embedding_distance([]))
    assert math.isnan(mean_embedding_distance([[1.0, 2.0]]))
    assert math.isnan(mean_embedding_distance([[1.0, 2.0], [0.0, 0.0], [math.nan, 1.0]]))
    assert mean_embedding_distance([[1.0, 2.0]] * 3) == pytest.approx(0.0, abs=1e-12)
    assert mean_embedding_distance([[1.0, 2.0], [-2.0, -4.0], [math.inf, 0.0]]) == pytest.approx(2.0)
    with pytest.raises(ValueError, match="shape"):
        mean_embedding_distance([1.0, 2.0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from("abcd"), max_size=6), texts, texts, st.integers(1, 2))
def test_contagion_equals_counting(message: list[str], read: list[list[str]], unread: list[list[str]], n: int) -> None:
    own = {tuple(message[i : i + n]) for i in range(len(message) - n + 1)}

    def share(others: list[list[str]]) -> float:
        found = [sum(" ".join(gram) in " ".join(other) for gram in own) / len(own) for other in others] if own else []
        return float(np.mean(found)) if found else math.nan

    found = content_contagion(message, read, unread, n)
    assert found.read == pytest.approx(share(read), nan_ok=True)
    assert found.unread == pytest.approx(share(unread), nan_ok=True)
    assert found.difference == pytest.approx(share(read) - share(unread), nan_ok=True)
    assert (found.n_grams, found.n_read, found.n_unread) == (len(own), len(read), len(unread))


def test_contagion_does_not_grow_with_the_number_of_messages() -> None:
    few = content_contagion("ban all cars now", ["ban all trams"], ["trees are good"], 2)
    many = content_contagion("ban all cars now", ["ban all trams"] * 9, ["trees are good"] * 4, 2)
    assert few.difference == many.difference == pytest.approx(1 / 3)


def test_contagion_of_short_messages_and_none() -> None:
    assert math.isnan(content_contagion("hi", ["hi there"], ["hello there"], 2).read)
    nobody = content_contagion("hi there", [], [None], 2)
    assert (math.isnan(nobody.read), math.isnan(nobody.unread), nobody.n_unread) == (True, True, 0)
    assert content_contagion("hi there", ["hi there", None], ["bye"], 2).read == 1.0
