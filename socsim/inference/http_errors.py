"""What an HTTP status and its body mean, as one of our errors. Knows no transport."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from socsim.errors import (
    ContentFiltered,
    ContextOverflow,
    InferenceError,
    RateLimited,
    Rejected,
    TimedOut,
    Unavailable,
)

__all__ = ["KeyRefused", "Unreachable", "retry_after_s", "status_error"]

_WORDS = 300
_TOO_LONG = re.compile(
    r"context[ _]length|maximum context|context window|context size|exceed_context_size|too many tokens|prompt is too long", re.I
)
_SPENT = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


class Unreachable(Unavailable):
    """No connection, or one that ended before any reply: another server may be asked instead."""


class KeyRefused(Rejected):
    """The server does not take the key, whatever it is asked."""


def retry_after_s(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> float | None:
    """Seconds that a server asks to wait: ``retry-after-ms``, ``Retry-After`` in seconds or as a date; None if it does not."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) / unit
        except ValueError:
            when = email.utils.parsedate_tz(value)
            if when is None:
                continue
            seconds = email.utils.mktime_tz(when) - clock()
        if seconds == seconds and seconds < float("inf"):
            return max(0.0, seconds)
    return None


def status_error(status: int, headers: Mapping[str, str], body: bytes) -> InferenceError:
    """The error that a status other than 200 stands for; the server's own words are cut short."""
    code, words = _said(body)
    said = f"the server answers {status}" + (f": {words}" if words else "")
    if status == 429:
        if code in _SPENT:
            return Rejected(said)
        return RateLimited(said, retry_after_s(headers))
    if status == 408 or status == 504:
        return TimedOut(said)
    if status == 501:
        return Rejected(said)
    if status >= 500:
        advised = retry_after_s(headers)
        return RateLimited(said, advised) if status == 503 and advised is not None else Unavailable(said)
    if status == 401:
        return KeyRefused(f"{said} (inference.key names the variable with the key)")
    if 300 <= status < 400:
        target = headers.get("location", "")
        host = re.match(r"https?://([^/?#]+)", target)
        return Rejected(f"the server redirects to {host[1] if host else 'another path'}, which is not followed")
    if code == "content_filter" or "content_filter" in words or "content management policy" in words:
        return ContentFiltered(said)
    if code == "context_length_exceeded" or _TOO_LONG.search(words):
        return ContextOverflow(said)
    return Rejected(
        f"{said} (is inference.base_url whole, with its /v1, and does the server offer this?)"
        if status == 404 and not code
        else said
    )


def _said(body: bytes) -> tuple[str, str]:
    """(code, message) of an error's body, whatever form it has."""
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", " ".join(body[: 4 * _WORDS].decode("utf-8", "replace").split())[:_WORDS]
    error = content.get("error", content) if isinstance(content, dict) else content
    if isinstance(error, dict):
        code = error.get("code") or error.get("type") or ""
        return str(code), " ".join(str(error.get("message", error)).split())[:_WORDS]
    return "", " ".join(str(error).split())[:_WORDS]
