"""Orders in which the options of an item are shown.

Ordered scales are shown in one direction or both, never in arbitrary permutations; nominal options in a Latin square, in all
orders, or in orders drawn at random. Non-answers always stay last. It knows nothing of wording.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from socsim.scenario.asking import ItemSpec, RandomOrders
from socsim.seeding import stream

__all__ = ["NamedOrder", "drawn_order", "is_shuffled", "option_orders"]

NamedOrder = tuple[str, tuple[int, ...]]
"""A name, and the options in the order in which they are shown."""


def is_shuffled(spec: ItemSpec) -> bool:
    """Whether an order is drawn each time that the item is asked."""
    return spec.readout.orders == "shuffled"


def option_orders(spec: ItemSpec, name: str) -> tuple[NamedOrder, ...]:
    """Named orders of the options, the same for all agents, arms and replicates.

    ``latin_square`` gives the k cyclic rotations: every option stands at every position once. ``full`` gives all permutations,
    the scale order first. Random orders are drawn from a stream named by the item. Where the order is drawn for each time of
    asking, this is the declared one, as an example.
    """
    k = len(spec.options)
    forward, last = tuple(range(k)), _last(spec)
    orders = spec.readout.orders
    if orders is None:
        orders = "latin_square" if spec.type == "nominal" else "both_directions"
    if isinstance(orders, RandomOrders):
        rng = stream(0, "option orders", name)
        drawn: dict[tuple[int, ...], None] = {}
        for _ in range(1000):
            drawn[tuple(int(i) for i in rng.permutation(k))] = None
            if len(drawn) == orders.random:
                break
        return tuple((f"random {i}", order + last) for i, order in enumerate(drawn))
    if orders == "latin_square":
        return tuple((f"rotation {r}", tuple(np.roll(forward, -r).tolist()) + last) for r in range(k))
    if orders == "full":
        return tuple((_name("order", order), order + last) for order in permutations(forward))
    if orders == "both_directions":
        return ("forward", forward + last), ("backward", forward[::-1] + last)
    return (("forward", forward + last),)


def drawn_order(spec: ItemSpec, rng: np.random.Generator) -> NamedOrder:
    """One order drawn at random: of nominal options any, of a scale one of its two directions.

    The name of an order gives the options' numbers in scale order, from 1, as they are shown: ``shuffled 3-1-2``.
    """
    k, last = len(spec.options), _last(spec)
    if spec.type == "nominal":
        order = tuple(int(i) for i in rng.permutation(k))
        return _name("shuffled", order), order + last
    forward = tuple(range(k))
    return ("backward", forward[::-1] + last) if rng.integers(2) else ("forward", forward + last)


def _last(spec: ItemSpec) -> tuple[int, ...]:
    return tuple(range(len(spec.options), len(spec.options) + len(spec.non_answers)))


def _name(kind: str, order: tuple[int, ...]) -> str:
    return f"{kind} {'-'.join(str(index + 1) for index in order)}"
