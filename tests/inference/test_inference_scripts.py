"""Ready-made scripts are pure, and have the distributions that they say."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import numpy as np
import pytest

from socsim.errors import RateLimited, Unavailable
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.scripts import FailingShare, LogNormalLatency, Rules, share_of
from socsim.inference.types import Request, Segment


def text(content: str) -> Request:
    return Request("text", (Segment("system", "tax"), Segment("user", content)))


def test_the_first_rule_that_holds_gives_the_reply() -> None:
    rules = Rules(
        [("school", ["Too few."]), (lambda request: len(request.segments[-1].text) > 20, ["Long."]), ("TAX", ["a", "b"])], "?"
    )
    assert rules(text("Schools and taxes, taxes and schools?"), 0) == "Too few."
    assert rules(text("something rather long here"), 0) == "Long."
    assert {rules(text("Taxes?"), seed) for seed in range(50)} == {"a", "b"}
    assert rules(text("Roads?"), 0) == "?"
    assert asyncio.run(ScriptedEngine(reply=rules).generate(text("Roads?"))).text == "?"


@pytest.mark.parametrize("replies", ["text", []])
def test_replies_of_a_rule_are_a_list(replies: Any) -> None:
    with pytest.raises(ValueError, match="list with at least one"):
        Rules([("a", replies)], "?")


def test_latencies_are_log_normal_and_belong_to_request_and_seed() -> None:
    latency = LogNormalLatency(0.2, 0.8, longest_s=30.0)
    found = np.log([latency(text("a"), seed) for seed in range(4000)])
    assert found.mean() == pytest.approx(math.log(0.2), abs=0.05)
    assert found.std() == pytest.approx(0.8, abs=0.04)
    assert latency(text("a"), 7) == latency(text("a"), 7) != latency(text("b"), 7)
    assert LogNormalLatency(1.0, 2.0, longest_s=1.5)(text("a"), 3) <= 1.5
    with pytest.raises(ValueError, match="above 0"):
        LogNormalLatency(0.0, 1.0)


def test_the_stated_share_of_attempts_fails_with_all_errors() -> None:
    failing = FailingShare(0.3, [lambda: Unavailable("down"), lambda: RateLimited("slow")])
    found = [failing(text("a"), seed, 1) for seed in range(4000)]
    failed = [one for one in found if one is not None]
    assert len(failed) / len(found) == pytest.approx(0.3, abs=0.03)
    assert sum(isinstance(one, Unavailable) for one in failed) / len(failed) == pytest.approx(0.5, abs=0.06)
    assert {failing(text("a"), 1, attempt) is None for attempt in range(1, 30)} == {True, False}
    with pytest.raises(ValueError, match="0 to 1"):
        FailingShare(1.5, [lambda: Unavailable("down")])


def test_shares_are_uniform() -> None:
    found = [share_of("x", text("a"), seed) for seed in range(2000)]
    assert np.histogram(found, bins=4, range=(0, 1))[0].min() > 420
