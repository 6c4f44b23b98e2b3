"""What statuses and bodies mean."""

from __future__ import annotations

import email.utils
from typing import Any

import orjson
import pytest

from socsim.errors import ContentFiltered, ContextOverflow, InferenceError, RateLimited, Rejected, TimedOut, Unavailable
from socsim.inference.http_errors import KeyRefused, retry_after_s, status_error


def error(status: int, body: Any = b"", **headers: str) -> InferenceError:
    content = body if isinstance(body, bytes) else orjson.dumps({"error": body})
    return status_error(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


@pytest.mark.parametrize(
    ("status", "body", "kind", "transient"),
    [
        (429, {"message": "slow"}, RateLimited, True),
        (429, {"message": "pay", "code": "insufficient_quota"}, Rejected, False),
        (408, b"", TimedOut, True),
        (504, b"", TimedOut, True),
        (500, b"<html>", Unavailable, True),
        (502, b"", Unavailable, True),
        (503, b"", Unavailable, True),
        (401, {"message": "key"}, KeyRefused, False),
        (404, {"message": "no such model"}, Rejected, False),
        (422, b"[1]", Rejected, False),
        (400, {"message": "This model's maximum context length is 8"}, ContextOverflow, False),
        (400, {"message": "x", "code": "context_length_exceeded"}, ContextOverflow, False),
        (400, {"message": "x", "code": "content_filter"}, ContentFiltered, False),
        (302, b"", Rejected, False),
    ],
)
def test_every_status_is_one_of_our_errors(status: int, body: Any, kind: type, transient: bool) -> None:
    found = error(status, body)
    assert type(found) is kind
    assert found.transient == transient


def test_the_time_to_wait_comes_in_three_forms() -> None:
    assert retry_after_s({"retry-after": "3"}) == 3.0
    assert retry_after_s({"retry-after-ms": "1500", "retry-after": "9"}) == 1.5
    date = email.utils.formatdate(1_000_100, usegmt=True)
    assert retry_after_s({"retry-after": date}, clock=lambda: 1_000_000.0) == 100.0
    assert retry_after_s({"retry-after": date}, clock=lambda: 2_000_000.0) == 0.0
    for nonsense in ("soon", "nan", "inf", "-4"):
        assert retry_after_s({"retry-after": nonsense}) in (None, 0.0)
    assert retry_after_s({}) is None


def test_a_busy_server_that_says_when_is_like_a_limit() -> None:
    found = error(503, retry_after="2")
    assert isinstance(found, RateLimited)
    assert found.retry_after_s == 2.0


def test_a_redirect_names_the_host_and_is_not_followed() -> None:
    assert "evil.example" in str(error(307, location="https://evil.example/v1"))
    assert "another path" in str(error(301, location="/elsewhere"))


def test_words_of_a_server_are_cut_short() -> None:
    for body in (b"x" * 10_000_000, {"message": "y" * 10_000}, {"code": 1, "detail": ["z" * 10_000]}):
        assert len(str(error(500, body))) < 400
