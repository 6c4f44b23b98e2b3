"""Forecast and actual stand side by side, and what is not known is left out."""

from __future__ import annotations

import html
import re
from typing import Any

from fake_run import fake_run
from socsim_analysis.report import render_report

FORECAST: dict[str, Any] = {
    "calls": 100,
    "prompt_tokens": {"low": 5000, "typical": 5000, "high": 5000},
    "computed_tokens": {"low": 1000, "typical": 2000, "high": 5000},
    "output_tokens": {"low": 100, "typical": 700, "high": 900},
    "usd": {"low": 0.01, "typical": 0.02, "high": 0.0512},
    "seconds": None,
    "notes": ["tokens are judged from <b>characters</b>"],
}
COUNTS = {"calls": 104, "prompt_tokens": 5200, "cached_tokens": 3100, "completion_tokens": 690}
STATISTICS: dict[str, Any] = {
    "calls": 104,
    "request_throughput": 12.5,
    "token_throughput": 1234.4,
    "e2el": {"p50": 0.25, "p90": 0.5, "p99": 2.5},
    "ttft": {"p50": None, "p90": None, "p99": None},
    "cached_share": 0.6,
    "dedup_share": 0.25,
    "retries": 3,
    "failures_by_kind": {"timed_out": 2},
}


def forecast(**manifest: Any) -> str:
    page = render_report(fake_run(**manifest))
    found = re.search(r'<section id="forecast">(.*?)</section>', page, flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1]))) if found else ""


def test_forecast_and_actual_stand_side_by_side_with_the_range() -> None:
    text = forecast(forecast=FORECAST, counts=COUNTS, usd=0.0215)
    assert "calls 100 104" in text
    assert "tokens of prompts 5,000 counted 5,200" in text
    assert "of these computed 2,000 1,000 to 5,000 2,100" in text
    assert "tokens of replies 700 100 to 900 690" in text
    assert "US dollars 0.0200 0.0100 to 0.0512 0.0215" in text
    assert "seconds" not in text
    assert "<b>characters</b>" in text


def test_the_use_of_the_engine_is_told_in_percentiles_and_shares() -> None:
    text = forecast(statistics=STATISTICS)
    assert "12.50 calls per second" in text
    assert "p50 250 ms, p90 500 ms, p99 2.50 s" in text
    assert "ttft" not in text
    assert "60.0 %" in text
    assert "timed_out: 2" in text


def test_a_run_without_either_has_no_such_part() -> None:
    assert forecast() == ""
    assert forecast(statistics={"calls": 0}) == ""
