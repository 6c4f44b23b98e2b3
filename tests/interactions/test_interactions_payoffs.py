"""Payoffs against the tables of the sources."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socsim.interactions.payoffs import dictator, matrix_game, public_goods, punished, trust, ultimatum, voluntary

AMOUNTS = st.integers(0, 20)


@given(st.lists(AMOUNTS, min_size=2, max_size=6))
def test_a_public_good_pays_out_what_was_put_in_times_the_multiplier(contributions: list[int]) -> None:
    payoffs = public_goods(20, contributions, 1.6)
    kept = 20 * len(contributions) - sum(contributions)
    assert abs(sum(payoffs) - (kept + 1.6 * sum(contributions))) < 1e-9


def test_free_riding_pays_in_fehr_and_gaechter() -> None:
    """Four people, 20 points, each point in the project is worth .4 to everybody."""
    assert public_goods(20, [20, 20, 20, 20], 1.6) == (32.0,) * 4
    assert public_goods(20, [0, 20, 20, 20], 1.6)[0] == 44.0
    assert punished(44.0, 0, 9, cost=1.0, fine=3.0) == 17.0
    assert punished(24.0, 3, 0, cost=1.0, fine=3.0) == 21.0


def test_the_sum_is_kept_or_lost_as_the_game_says() -> None:
    assert sum(dictator(10, 4)) == 10
    assert sum(ultimatum(10, 4, accepted=True)) == 10
    assert ultimatum(10, 4, accepted=False) == (0, 0)
    assert trust(10, 10, 15, 3.0) == (15, 15)
    assert trust(10, 0, 0, 3.0) == (10, 0)


def test_the_prisoners_dilemma_is_one() -> None:
    reward, sucker, temptation, punishment = (matrix_game(own, other, (3, 0, 5, 1)) for own in (0, 1) for other in (0, 1))
    assert temptation > reward > punishment > sucker
    assert 2 * reward > temptation + sucker


def test_whoever_stays_out_takes_the_other_along() -> None:
    paid = [[voluntary(own, other, (3, 0, 5, 1), 2.0) for other in (0, 1, None)] for own in (0, 1, None)]
    assert paid == [[3, 0, 2.0], [5, 1, 2.0], [2.0, 2.0, 2.0]]
