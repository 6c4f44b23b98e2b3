"""How long to wait between attempts."""

from __future__ import annotations

import pytest

from socsim.errors import RateLimited, Rejected, Unavailable
from socsim.inference.retrying import Backoff, failure_of


def test_waits_grow_and_are_bounded() -> None:
    backoff = Backoff(base_s=1.0, longest_s=8.0)
    for attempt, longest in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (9, 8.0)]:
        waits = [backoff.wait_s(attempt, Unavailable("down")) or 0.0 for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest


def test_own_advice_of_the_engine_is_the_least_waited() -> None:
    wait_s = Backoff(base_s=1.0).wait_s(1, RateLimited("slow", retry_after_s=20.0))
    assert wait_s is not None
    assert 20.5 <= wait_s <= 21.0


def test_waiting_is_pointless_after_a_refusal_and_beyond_patience() -> None:
    backoff = Backoff(patience_s=100.0)
    assert backoff.wait_s(1, Rejected("no")) is None
    assert backoff.wait_s(1, RateLimited("slow", retry_after_s=101.0)) is None


@pytest.mark.parametrize("advice", [None, 86400.0])
def test_failure_tells_the_advice(advice: float | None) -> None:
    failure = failure_of(RateLimited("slow", advice), 2)
    assert ("asked to wait 86400 s" in failure.message) == (advice is not None)
    assert (failure.kind, failure.attempts) == ("rate_limited", 2)
