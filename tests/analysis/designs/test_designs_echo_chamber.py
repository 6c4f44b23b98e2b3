"""Echo chambers: by hand, and against the measures that a running model records."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from socsim_analysis.designs import echo_chamber

from socsim.measures import external_internal_index, gini, leaning_density


def platform(leanings: list[float], follows: list[tuple[int, int]], world: str = "w") -> pd.DataFrame:
    """People with leanings; ``follows`` are (reader, author)."""
    x = np.asarray(leanings)
    rows = []
    for person, own in enumerate(x):
        read = [author for reader, author in follows if reader == person]
        same = sum(bool(np.sign(x[author]) == np.sign(own)) for author in read)
        around = float(x[read].mean()) if read else np.nan
        followers = sum(author == person for _, author in follows)
        rows.append((world, str(person), own, around, same, len(read) - same, followers))
    names = ["world", "person", "leaning", "leaning_followed", "followed_own", "followed_other", "followers"]
    return pd.DataFrame(rows, columns=names)


def test_known_values() -> None:
    chambers = platform([-1, -2, 1, 2], [(0, 1), (1, 0), (2, 3), (3, 2)])
    assert echo_chamber.ei_index(chambers).estimate == -1.0
    assert echo_chamber.leaning_correlation(chambers).estimate > 0.7
    assert echo_chamber.follower_gini(chambers).estimate == 0.0
    crossed = platform([-1, -2, 1, 2], [(0, 2), (1, 3), (2, 0), (3, 1), (0, 1)])
    assert echo_chamber.ei_index(crossed).estimate == pytest.approx((4 - 1) / 5)
    assert echo_chamber.leaning_correlation(crossed).estimate < 0
    stars = platform([-3, -1, 1, 3], [(1, 0), (2, 0), (3, 0), (1, 3), (2, 3)])
    assert echo_chamber.amplification(stars).estimate == pytest.approx(np.corrcoef([3, 1, 1, 3], [3, 0, 0, 2])[0, 1])
    assert echo_chamber.follower_gini(stars).estimate == pytest.approx(gini([3.0, 0.0, 0.0, 2.0]))


def test_the_values_are_those_of_the_measures_of_running_models() -> None:
    rng = np.random.default_rng(2)
    leanings = [float(one) for one in rng.choice([-3, -2, -1, 1, 2, 3], 40)]
    graph = nx.gnp_random_graph(40, 0.1, seed=2, directed=True)
    follows = [(int(reader), int(author)) for reader, author in graph.edges]
    table = platform(leanings, follows)
    authors, readers = [author for _, author in follows], [reader for reader, _ in follows]
    sides = ["left" if one < 0 else "right" for one in leanings]
    assert echo_chamber.ei_index(table).estimate == pytest.approx(external_internal_index(sides, authors, readers))
    density = leaning_density(leanings, authors, readers, -3.0, 3.0)
    assert echo_chamber.leaning_correlation(table).estimate == pytest.approx(density.correlation)


def test_platforms_without_ties_or_without_differences_have_no_value() -> None:
    nobody = platform([-1, 1], [])
    assert echo_chamber.ei_index(nobody).values.empty
    assert echo_chamber.leaning_correlation(nobody).values.empty
    both = pd.concat([platform([-1, 1], [(0, 1), (1, 0)]), nobody.assign(world="empty")])
    found = echo_chamber.ei_index(both)
    assert found.estimate == 1.0
    assert found.left_out == {"units without a value": 0.5}
