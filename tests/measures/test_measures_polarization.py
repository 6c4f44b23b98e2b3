"""Polarization against published values, plain loops and its extremes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures import agreement, esteban_ray, group_consensus, group_divergence, size_parity, spread, variance

numbers = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=15)
counted = st.lists(st.integers(0, 9), min_size=3, max_size=8).filter(any)
grouped = st.lists(st.tuples(st.integers(1, 7).map(float), st.sampled_from("abc")), min_size=1, max_size=15)


@settings(max_examples=40, deadline=None)
@given(numbers)
def test_variance_is_the_square_of_the_spread(values: list[float]) -> None:
    assert variance([*values, math.nan]) == pytest.approx(spread(values) ** 2)
    n, width = len(values), max(values) - min(values)
    assert variance(values) <= n / (n - 1) * width**2 / 4 + 1e-9


def _esteban_ray_by_loop(values: Sequence[float], alpha: float) -> float:
    n = len(values)
    share = {value: values.count(value) / n for value in values}
    return sum(share[a] ** (1 + alpha) * share[b] * abs(a - b) for a, b in itertools.product(share, share))


@settings(max_examples=40, deadline=None)
@given(numbers, st.sampled_from([0.0, 0.5, 1.0, 1.6]))
def test_esteban_ray_equals_the_double_sum_in_any_order(values: list[float], alpha: float) -> None:
    expected = _esteban_ray_by_loop(values, alpha)
    assert esteban_ray(values, alpha=alpha) == pytest.approx(expected, abs=1e-9)
    assert esteban_ray(values[::-1], alpha=alpha) == pytest.approx(expected, abs=1e-9)
    assert 0.0 <= expected <= (max(values) - min(values)) * 2.0 ** -(1 + alpha) + 1e-9
    places, sizes = np.unique(values, return_counts=True)
    assert esteban_ray(places, sizes, alpha=alpha) == pytest.approx(expected, abs=1e-9)


def test_esteban_ray_is_largest_with_half_at_either_end() -> None:
    assert esteban_ray([1, 1, 7, 7], alpha=1.6) == pytest.approx(6 * 2**-2.6)
    assert esteban_ray([1, 7], [5, 5], alpha=1.0) == pytest.approx(1.5)
    assert esteban_ray([1, 1, 7, 7]) > esteban_ray([1, 3, 5, 7])


def test_esteban_ray_of_nobody_one_and_some_missing() -> None:
    assert math.isnan(esteban_ray([]))
    assert math.isnan(esteban_ray([math.nan]))
    assert math.isnan(esteban_ray([1.0], [0.0]))
    assert esteban_ray([3.0, 3.0]) == 0.0
    assert esteban_ray([0.0, math.nan, 1.0], [1.0, 9.0, 1.0]) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="alpha"):
        esteban_ray([1.0], alpha=1.7)
    with pytest.raises(ValueError, match="weight"):
        esteban_ray([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(ValueError, match="weight"):
        esteban_ray([1.0, 2.0], [1.0])


def _agreement_by_triples(counts: Sequence[float]) -> float:
    """Layer by layer with a loop over all triples, as van der Eijk describes it."""
    rest, total, value, k = list(counts), sum(counts), 0.0, len(counts)
    while any(rest):
        pattern = [1 if count > 0 else 0 for count in rest]
        least, s = min(count for count in rest if count > 0), sum(pattern)
        triples = list(itertools.combinations(pattern, 3))
        same = sum(triple in ((0, 1, 1), (1, 1, 0)) for triple in triples)
        split = sum(triple == (1, 0, 1) for triple in triples)
        u = 1.0 if s in (1, k) else ((k - 2) * same - (k - 1) * split) / ((k - 2) * (same + split))
        value += s * least / total * u * (1 - (s - 1) / (k - 1))
        rest = [count - least if count > 0 else 0 for count in rest]
    return value


def test_agreement_has_the_published_value() -> None:
    """The example of the R package agrmt."""
    assert agreement([30, 40, 210, 130, 530, 50, 10]) == pytest.approx(0.6113333, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(counted)
def test_agreement_equals_counting_triples_and_is_the_same_from_either_end(counts: list[int]) -> None:
    assert agreement(counts) == pytest.approx(_agreement_by_triples(counts), abs=1e-9)
    assert agreement(counts[::-1]) == pytest.approx(agreement(counts), abs=1e-9)
    assert agreement([10 * count for count in counts]) == pytest.approx(agreement(counts), abs=1e-9)
    assert -1.0 <= agreement(counts) <= 1.0


@pytest.mark.parametrize("k", [3, 5, 10])
def test_agreement_at_its_extremes(k: int) -> None:
    assert agreement([0] * (k - 1) + [9]) == 1.0
    assert agreement([4] * k) == 0.0
    assert agreement([4] + [0] * (k - 2) + [4]) == pytest.approx(-1.0)


def test_agreement_of_nobody_and_of_what_it_is_not_for() -> None:
    assert math.isnan(agreement([0, 0, 0]))
    assert math.isnan(agreement([1, math.nan, 2]))
    with pytest.raises(ValueError, match="three"):
        agreement([1, 2])
    with pytest.raises(ValueError, match="0 or more"):
        agreement([1, -2, 3])


@settings(max_examples=40, deadline=None)
@given(grouped)
def test_groups_equal_plain_loops_whatever_they_are_called(rows: list[tuple[float, str]]) -> None:
    x, labels = [value for value, _ in rows], [label for _, label in rows]
    renamed = [{"a": 9, "b": 4, "c": 7}[label] for label in labels]
    members = [[value for value, label in rows if label == group] for group in set(labels)]
    means = [sum(values) / len(values) for values in members]
    pairs = [abs(a - b) for a, b in itertools.combinations(means, 2)]
    within = [sum(abs(value - m) for value in values) / len(values) for values, m in zip(members, means, strict=True)]
    for names in (labels, renamed):
        assert group_divergence(x, names) == pytest.approx(float(np.mean(pairs)) if pairs else math.nan, nan_ok=True)
        assert group_consensus(x, names, 1.0, 7.0) == pytest.approx(1 - float(np.mean(within)) / 3.0)
        sizes = np.array([len(values) for values in members]) / len(x)
        parity = -sum(p * math.log(p) for p in sizes) / math.log(len(sizes)) if len(sizes) > 1 else math.nan
        assert size_parity(names) == pytest.approx(parity, nan_ok=True)


def test_groups_at_their_extremes() -> None:
    assert group_divergence([1, 1, 7], ["a", "a", "b"]) == 6.0
    assert group_consensus([1, 7, 1, 7], [0, 0, 1, 1], 1, 7) == 0.0
    assert group_consensus([1, 1, 7, 7], [0, 0, 1, 1], 1, 7) == 1.0
    assert size_parity([0] * 50 + [1] * 50) == 1.0
    assert 0.0 < size_parity([0] * 99 + [1]) < 0.1


def test_groups_of_nobody_one_and_some_missing() -> None:
    assert math.isnan(group_divergence([], []))
    assert math.isnan(group_divergence([1.0, 2.0], ["a", "a"]))
    assert math.isnan(group_divergence([1.0, math.nan], ["a", "b"]))
    assert group_divergence([1.0, math.nan, 3.0, 9.0], ["a", "b", "b", None]) == 2.0
    assert math.isnan(group_consensus([math.nan], ["a"], 1, 7))
    assert group_consensus([4.0, 4.0], ["a", "a"], 1, 7) == 1.0
    assert math.isnan(size_parity([]))
    assert math.isnan(size_parity(["a", "a", None]))
    with pytest.raises(ValueError, match="one group per opinion"):
        group_divergence([1.0], ["a", "b"])
    with pytest.raises(ValueError, match="scale"):
        group_consensus([9.0], ["a"], 1, 7)
    with pytest.raises(ValueError, match="high end"):
        group_consensus([9.0], ["a"], 7, 7)
