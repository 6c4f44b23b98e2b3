from __future__ import annotations

from math import factorial

import numpy as np
import pytest

from socsim.readouts.orders import drawn_order, is_shuffled, option_orders
from socsim.scenario.asking import ItemSpec, ReadoutSpec


def nominal(orders: object, k: int = 4, **more: object) -> ItemSpec:
    options = [chr(97 + i) for i in range(k)]
    return ItemSpec.model_validate(
        {"type": "nominal", "text": "Which?", "options": options, "readout": {"orders": orders}, **more}
    )


def test_a_latin_square_puts_every_option_at_every_position_once() -> None:
    orders = [order for _, order in option_orders(nominal("latin_square"), "which")]
    assert all(sorted(column) == [0, 1, 2, 3] for column in zip(*orders, strict=True))


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_full_gives_every_order_once_and_the_scale_order_first(k: int) -> None:
    orders = option_orders(nominal("full", k), "which")
    assert len({order for _, order in orders}) == len({name for name, _ in orders}) == factorial(k)
    assert orders[0] == ("order " + "-".join(str(i + 1) for i in range(k)), tuple(range(k)))


def test_random_orders_are_the_same_for_everybody_and_all_different() -> None:
    spec = nominal({"random": 5})
    assert option_orders(spec, "which") == option_orders(spec, "which")
    assert len({order for _, order in option_orders(spec, "which")}) == 5


@pytest.mark.parametrize("orders", ["latin_square", "full", "fixed", "shuffled", {"random": 3}])
def test_non_answers_stay_last_in_every_order(orders: object) -> None:
    spec = nominal(orders, 3, non_answers=["don't know"])
    assert all(order[-1] == 3 for _, order in option_orders(spec, "which"))
    assert drawn_order(spec, np.random.default_rng(1))[1][-1] == 3


def test_a_shuffled_nominal_item_takes_every_order_and_names_it() -> None:
    spec, rng = nominal("shuffled", 3), np.random.default_rng(0)
    drawn = {drawn_order(spec, rng) for _ in range(200)}
    assert {order for _, order in drawn} == {(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)}
    assert ("shuffled 3-1-2", (2, 0, 1)) in drawn


def test_a_shuffled_scale_only_turns_round() -> None:
    spec = ItemSpec(type="ordinal", text="?", options=("a", "b", "c", "d"), readout=ReadoutSpec(orders="shuffled"))
    rng = np.random.default_rng(0)
    assert {drawn_order(spec, rng) for _ in range(50)} == {("forward", (0, 1, 2, 3)), ("backward", (3, 2, 1, 0))}
    assert is_shuffled(spec)
