"""What the run was expected to take beside what it took, and how the engine was used; nothing where neither is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from socsim_analysis.markup import Html, count, definitions, numeral, paragraph, percent, rows_table, section
from socsim_analysis.page import Page

__all__ = ["forecast_section"]

_Row = tuple[str, str, str, str]


def forecast_section(page: Page) -> Html | None:
    """A table of forecast and actual, and the engine's figures in vLLM's words."""
    manifest = page.run.manifest
    rows = list(_rows(manifest))
    figures = list(_figures(manifest.get("statistics") or {}))
    parts: list[Html] = []
    if rows:
        caption = "Expected before the run, and what it took (all processes of the run together)"
        parts.append(rows_table(caption, ("", "expected", "range", "actual"), rows))
        notes = (manifest.get("forecast") or {}).get("notes") or ()
        parts.append(
            paragraph(
                "; ".join(["The forecast renders the run's prompts without a model", *map(str, notes)]) + ".", class_="soft"
            )
        )
    if figures:
        parts.append(paragraph("How the last process of the run used the engine:"))
        parts.append(definitions(figures))
    return section("forecast", "Forecast, and use of the engine", *parts) if parts else None


def _rows(manifest: Mapping[str, Any]) -> Iterator[_Row]:
    forecast, counts = manifest.get("forecast"), manifest.get("counts") or {}
    if not forecast or "calls" not in counts:
        return
    yield "calls", count(forecast["calls"]), "", count(counts["calls"])
    for name, key, actual in (
        ("tokens of prompts", "prompt_tokens", counts.get("prompt_tokens")),
        ("of these computed", "computed_tokens", counts.get("prompt_tokens", 0) - counts.get("cached_tokens", 0)),
        ("tokens of replies", "output_tokens", counts.get("completion_tokens")),
    ):
        if actual is not None:
            yield name, count(forecast[key]["typical"]), _range(forecast[key], 0), count(actual)
    money = forecast.get("usd")
    if money and money["high"] > 0:
        spent = manifest.get("usd")
        yield "US dollars", numeral(money["typical"], 4), _range(money, 4), "not known" if spent is None else numeral(spent, 4)
    seconds = forecast.get("seconds")
    if seconds:
        yield "seconds", count(seconds["typical"]), _range(seconds, 0), count(float(manifest.get("elapsed_s") or 0.0))


def _range(values: Mapping[str, float], digits: int) -> str:
    if values["low"] == values["high"]:
        return "counted"
    return f"{numeral(values['low'], digits)} to {numeral(values['high'], digits)}"


def _figures(found: Mapping[str, Any]) -> Iterator[tuple[str, str | Html]]:
    if not found.get("calls"):
        return
    yield "request throughput", f"{numeral(found['request_throughput'])} calls per second"
    yield "token throughput", f"{count(found['token_throughput'])} tokens per second, of prompts not from a cache and of replies"
    for key, name in (("e2el", "end-to-end latency"), ("ttft", "time to first token"), ("tpot", "time per output token")):
        spread = found.get(key) or {}
        if spread.get("p50") is not None:
            values = ", ".join(f"{percentile} {_seconds(spread[percentile])}" for percentile in ("p50", "p90", "p99"))
            yield f"{name} ({key})", values
    yield "share of prompts from the engine's cache", percent(found["cached_share"])
    yield "share of answers that took no prefill of their own", percent(found["dedup_share"])
    yield "further attempts after trouble", count(found["retries"])
    if found.get("failures_by_kind"):
        yield "failed calls by kind", ", ".join(f"{kind}: {count(number)}" for kind, number in found["failures_by_kind"].items())


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"
