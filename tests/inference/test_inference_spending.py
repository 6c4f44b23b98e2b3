"""Caps hold over all processes of a run, and calls in flight count before they are answered."""

from __future__ import annotations

from typing import Any

import pytest

from socsim.errors import RunStopped, ScenarioError
from socsim.inference.prices import PRICES, Price, cost_usd, price_for
from socsim.inference.spending import Spending, Spent, check_budget
from socsim.inference.types import Usage
from socsim.scenario.engines import InferenceSpec


def hosted(**fields: Any) -> InferenceSpec:
    return InferenceSpec.model_validate({"engine": "openai", "model": "gpt-4o-mini", **fields})


def test_money_is_counted_by_kind_of_token() -> None:
    price = Price(2.0, 0.5, 8.0, "", "")
    usage = Usage(prompt_tokens=3_000_000, completion_tokens=1_000_000, cached_tokens=1_000_000)
    assert cost_usd(price, usage) == pytest.approx(2 * 2.0 + 0.5 + 8.0)
    assert cost_usd(price, usage, batch=True) == pytest.approx((2 * 2.0 + 0.5 + 8.0) / 2)


def test_prices_come_from_the_scenario_then_from_the_table_by_name_and_date() -> None:
    own = price_for(hosted(prices={"input": 1, "output": 2}))
    assert own is not None
    assert (own.input, own.cached, own.output) == (1.0, 1.0, 2.0)
    assert price_for(hosted()) == PRICES["gpt-4o-mini"]
    assert price_for(hosted(model="gpt-4o-2024-08-06")) == PRICES["gpt-4o"]
    assert price_for(hosted(model="gpt-4o-audio")) is None
    for local in (InferenceSpec(), hosted(endpoint={"kind": "vllm"}, model="x")):
        free = price_for(local)
        assert free is not None
        assert cost_usd(free, Usage(10**6, 10**6)) == 0.0


def test_every_price_has_a_date_a_source_and_an_order_that_can_be() -> None:
    for name, price in PRICES.items():
        assert price.date, name
        assert price.source, name
        assert 0 < price.cached <= price.input < price.output, name


def test_a_cap_on_money_without_a_price_is_refused_by_field() -> None:
    check_budget(hosted(budget={"usd": 1}))
    check_budget(hosted(model="unheard-of", budget={"tokens": 1}))
    with pytest.raises(ScenarioError, match=r"inference\.budget\.usd.*inference\.prices"):
        check_budget(hosted(model="unheard-of", budget={"usd": 1}))


@pytest.mark.parametrize(
    ("budget", "fits"),
    [({"calls": 3}, 3), ({"tokens": 350}, 3), ({"usd": 100 * 0.15e-6 * 2.5 + 10 * 0.6e-6 * 2.5}, 2), ({}, 50)],
)
def test_no_more_attempts_are_admitted_than_a_cap_allows_even_while_none_is_answered(budget: dict[str, float], fits: int) -> None:
    spending = Spending(hosted(budget=budget))
    for _ in range(fits):
        spending.admit(100, 10)
    if not budget:
        return
    with pytest.raises(RunStopped, match=next(iter(budget))):
        spending.admit(100, 10)


def test_what_is_not_used_is_given_back_and_unanswered_attempts_take_no_tokens() -> None:
    spending = Spending(hosted(budget={"tokens": 220}))
    first, second = spending.admit(100, 10), spending.admit(100, 10)
    spending.settle(first, None)
    spending.settle(second, Usage(50, 1))
    spending.admit(100, 10)
    with pytest.raises(RunStopped, match="3 calls, 51 tokens"):
        spending.admit(100, 10)


def test_attempts_without_an_answer_and_every_text_of_one_prefill_count_as_calls() -> None:
    spending = Spending(hosted(budget={"calls": 10}))
    for _ in range(4):
        spending.settle(spending.admit(1, 1), None)
    spending.admit(1, 6, calls=6)
    with pytest.raises(RunStopped, match=r"inference\.budget\.calls"):
        spending.admit(1, 1)


def test_earlier_processes_count() -> None:
    totals = {"calls": 9, "prompt_tokens": 900, "completion_tokens": 90, "cached_tokens": 0}
    spending = Spending(hosted(budget={"calls": 10}), Spent.from_totals(totals, 5.0))
    spending.settle(spending.admit(1, 1), Usage(1, 1))
    with pytest.raises(RunStopped, match="10 calls"):
        spending.admit(1, 1)
    assert spending.usd == pytest.approx((901 * 0.15 + 91 * 0.6) / 1e6)


def test_time_is_capped_over_all_processes_and_in_each() -> None:
    now = [0.0]
    spending = Spending(hosted(budget={"hours": 1}), Spent(elapsed_s=3000.0), clock=lambda: now[0])
    spending.admit(1, 1)
    now[0] = 601.0
    with pytest.raises(RunStopped, match=r"inference\.budget\.hours"):
        spending.admit(1, 1)
    now[0] = 0.0
    here = Spending(hosted(limits={"deadline_s": 10}), Spent(elapsed_s=3000.0), clock=lambda: now[0])
    here.admit(1, 1)
    now[0] = 11.0
    with pytest.raises(RunStopped, match=r"inference\.limits\.deadline_s"):
        here.admit(1, 1)
