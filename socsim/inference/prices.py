"""What hosted models cost: a small table with dates, and the arithmetic.

A table of prices ages. It is good for a forecast; what counts is what the provider charges, and ``inference.prices`` in a
scenario goes before the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from socsim.inference.types import Usage
from socsim.scenario.engines import InferenceSpec

__all__ = ["PRICES", "Price", "cost_usd", "price_for"]


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens; ``cached`` is for prompt tokens from the provider's cache. ``date``: when it was so."""

    input: float
    cached: float
    output: float
    date: str
    source: str
    batch_discount: float = 0.5
    """Share taken off in the provider's batch endpoint."""


_OPENAI = "OpenAI's price list, as two independent tables of that month give it"

PRICES: Mapping[str, Price] = {
    "gpt-4o": Price(2.50, 1.25, 10.00, "2026-05", _OPENAI),
    "gpt-4o-mini": Price(0.15, 0.075, 0.60, "2026-05", _OPENAI),
    "gpt-4.1": Price(2.00, 0.50, 8.00, "2026-06", _OPENAI),
    "gpt-5.4": Price(2.50, 0.25, 15.00, "2026-06", _OPENAI),
    "gpt-5.4-mini": Price(0.75, 0.075, 4.50, "2026-06", _OPENAI),
    "gpt-5.5": Price(5.00, 0.50, 30.00, "2026-06", _OPENAI),
}
"""Prices by the name of the model, in US dollars per million tokens."""


def price_for(spec: InferenceSpec) -> Price | None:
    """The price of a scenario's calls: as it declares, else of the table for hosted models; None where none is known.

    An engine of one's own costs nothing here, unless the scenario says otherwise.
    """
    if spec.prices is not None:
        own = spec.prices
        cached = own.input if own.cached_input is None else own.cached_input
        return Price(own.input, cached, own.output, "", "inference.prices", own.batch_discount)
    if not isinstance(spec.model, str):
        prices = {price_for(alone) for alone in spec.models.values()}
        return prices.pop() if len(prices) == 1 else None  # tokens are not counted by model
    if spec.engine != "openai" or (spec.endpoint is not None and spec.endpoint.kind != "hosted"):
        return Price(0.0, 0.0, 0.0, "", "an engine of one's own")
    name = str(spec.model).rsplit("/", 1)[-1]
    if name in PRICES:
        return PRICES[name]
    dated = [known for known in PRICES if name.startswith(known + "-20")]
    return PRICES[dated[0]] if dated else None


def cost_usd(price: Price, usage: Usage, *, batch: bool = False) -> float:
    """US dollars for tokens: ((prompt − cached) · input + cached · cached price + completion · output) / 10⁶.

    Example:
        >>> cost_usd(Price(2.0, 0.5, 8.0, "", ""), Usage(1_000_000, 100_000, 500_000))
        2.05
    """
    fresh = usage.prompt_tokens - usage.cached_tokens
    whole = (fresh * price.input + usage.cached_tokens * price.cached + usage.completion_tokens * price.output) / 1e6
    return whole * (1.0 - price.batch_discount) if batch else whole
