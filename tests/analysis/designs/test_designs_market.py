"""Cultural markets: by hand, and against another formula."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socsim_analysis.designs import market
from socsim_analysis.designs.tables import TableError


def downloads(worlds: list[list[int]]) -> pd.DataFrame:
    rows = [(world, song, n) for world, songs in enumerate(worlds) for song, n in enumerate(songs)]
    return pd.DataFrame(rows, columns=["world", "song", "downloads"])


def test_known_values() -> None:
    assert market.inequality(downloads([[1, 3]])).estimate == pytest.approx(0.25)
    assert market.inequality(downloads([[5, 5, 5], [0, 0, 9]])).values.tolist() == pytest.approx([0.0, 2 / 3])
    assert market.unpredictability(downloads([[1, 1], [4, 0]])).estimate == pytest.approx(0.5)
    assert market.unpredictability(downloads([[1, 2], [10, 20]])).estimate == pytest.approx(0.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(any), min_size=2, max_size=5))
def test_both_are_those_of_the_paper(worlds: list[list[int]]) -> None:
    frame = downloads(worlds)
    shares = [np.asarray(songs) / sum(songs) for songs in worlds]
    gini = [2 * sum(i * x for i, x in enumerate(sorted(songs), start=1)) / (4 * sum(songs)) - 5 / 4 for songs in worlds]
    assert market.inequality(frame).values.tolist() == pytest.approx(gini)
    per_song = [fmean(abs(a[song] - b[song]) for a, b in combinations(shares, 2)) for song in range(4)]
    assert market.unpredictability(frame).estimate == pytest.approx(fmean(per_song))
    assert market.song_unpredictability(frame)["unpredictability"].tolist() == pytest.approx(per_song)


def test_a_world_without_downloads_is_left_out_and_one_world_alone_has_nothing_to_differ_from() -> None:
    found = market.inequality(downloads([[1, 3], [0, 0]]))
    assert found.left_out == {"units without a value": 0.5}
    assert found.estimate == pytest.approx(0.25)
    assert market.unpredictability(downloads([[1, 3], [0, 0]])).values.empty
    assert market.song_unpredictability(downloads([[1, 3]]))["unpredictability"].isna().all()


def test_songs_that_a_world_lacks_are_named() -> None:
    with pytest.raises(TableError, match="column 'song' lacks 1 in world 1; every world needs a row"):
        market.inequality(downloads([[1, 3], [2]]))
    with pytest.raises(TableError, match=r"column 'downloads' .* whole"):
        market.inequality(downloads([[1, 3]]).assign(downloads=0.5))


def test_the_value_of_a_world_is_what_leaving_it_out_makes_of_it() -> None:
    worlds = [[3, 1, 6], [2, 2, 2], [0, 5, 1], [4, 4, 1], [9, 0, 2]]
    found = market.unpredictability(downloads(worlds))
    without = [market.unpredictability(downloads(worlds[:i] + worlds[i + 1 :])).estimate for i in range(5)]
    assert found.values.tolist() == pytest.approx([5 * found.estimate - 4 * one for one in without])
    assert found.values.mean() == pytest.approx(found.estimate)


def test_the_spread_of_values_is_that_of_the_statistic_over_samples_of_worlds() -> None:
    """The standard error from one run against the standard deviation over many; mean differences would give half of it."""
    rng = np.random.default_rng(3)

    def one_run() -> tuple[float, float]:
        shares = [rng.dirichlet(np.full(6, concentration)) for concentration in rng.choice([0.3, 5.0], 8)]
        found = market.unpredictability(downloads([rng.multinomial(40, row).tolist() for row in shares]))
        return found.estimate, float(found.values.std() / np.sqrt(len(found.values)))

    runs = np.array([one_run() for _ in range(400)])
    assert runs[:, 1].mean() == pytest.approx(runs[:, 0].std(ddof=1), rel=0.2)
