"""Ways in which a server fails, on purpose and reproducibly: which request fails how is drawn from its bytes and the attempt.

It knows exchanges and finished replies; nothing of slots or of what a reply says beyond the fields that it breaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.mock_http import Exchange
from benchmarks.mock_replies import bits_of

__all__ = ["COMMON", "HOSTILE", "Fault", "Faults"]

_DRIP_S = 0.1
_CHUNK = b"0" * 65_536
_HUGE = 10 * 1024 * 1024


@dataclass(slots=True)
class Fault:
    """A request about to fail, and the good reply that it would have had.

    ``hang_s`` is the time after which the server gives up what never ends; ``done`` is called with whether the reply arrived
    whole after all.
    """

    exchange: Exchange
    reply: dict[str, Any]
    hang_s: float
    done: Callable[[bool], None]

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        """Answer with JSON."""
        self.exchange.reply(status, orjson.dumps(value), headers)

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        """Answer with an error as OpenAI words it."""
        self.json(status, {"error": {"message": message, "type": "mock_fault", "code": None}}, headers)


def _too_many(fault: Fault) -> None:
    fault.error(429, "Rate limit reached")


def _too_many_for_a_while(fault: Fault) -> None:
    fault.error(429, "Rate limit reached", {"Retry-After": "1"})


def _internal_error(fault: Fault) -> None:
    fault.error(500, "The server had an error while processing your request")


def _bad_gateway(fault: Fault) -> None:
    fault.exchange.reply(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", {"Content-Type": "text/html"})


def _overloaded(fault: Fault) -> None:
    fault.exchange.reply(503, b"", {"Content-Type": "text/plain"})


def _no_reply(fault: Fault) -> None:
    _give_up_later(fault)


def _reset_inside(fault: Fault) -> None:
    body = orjson.dumps(fault.reply)
    fault.exchange.begin(200, {"Content-Type": "application/json", "Content-Length": str(len(body))})
    fault.exchange.send(body[: len(body) // 2])
    asyncio.get_running_loop().call_soon(fault.exchange.reset)


def _truncated(fault: Fault) -> None:
    body = orjson.dumps(fault.reply)
    fault.exchange.reply(200, body[: len(body) // 2])


def _malformed(fault: Fault) -> None:
    fault.exchange.reply(200, b'{"object": "chat.completion", "choices": [}')


def _no_choices(fault: Fault) -> None:
    fault.json(200, {**fault.reply, "choices": []})


def _other_model(fault: Fault) -> None:
    fault.json(200, {**fault.reply, "model": "another-model"})


def _drip(fault: Fault) -> None:
    """A good reply, a few bytes at a time."""
    body = orjson.dumps(fault.reply)
    fault.exchange.begin(200, {"Content-Type": "application/json", "Content-Length": str(len(body))})
    loop = asyncio.get_running_loop()
    size = max(1, int(len(body) * _DRIP_S / fault.hang_s))

    def more(at: int) -> None:
        if fault.exchange.gone:
            return
        fault.exchange.send(body[at : at + size])
        if at + size < len(body):
            loop.call_later(_DRIP_S, more, at + size)
        else:
            fault.done(True)
            fault.exchange.end()

    more(0)


def _endless(fault: Fault) -> None:
    """A reply whose first text never ends; as fast as the client reads."""
    fault.exchange.begin_chunks("application/json")
    fault.exchange.chunk(b'{"choices": [{"index": 0, "message": {"role": "assistant", "content": "')
    loop = asyncio.get_running_loop()
    deadline = loop.time() + fault.hang_s

    def more() -> None:
        if fault.exchange.gone:
            return
        if loop.time() > deadline:
            fault.exchange.reset()
            return
        if not fault.exchange.congested:
            fault.exchange.chunk(_CHUNK)
        loop.call_later(0.001, more)

    more()


def _huge_token(fault: Fault) -> None:
    fault.json(200, _with_choice(fault.reply, "x" * _HUGE))


def _negative_usage(fault: Fault) -> None:
    usage = {"prompt_tokens": -5, "completion_tokens": -1, "total_tokens": -6, "prompt_tokens_details": {"cached_tokens": -7}}
    fault.json(200, {**fault.reply, "usage": usage})


def _wrong_indices(fault: Fault) -> None:
    fault.json(200, {**fault.reply, "choices": [{**choice, "index": 7} for choice in fault.reply["choices"]]})


def _elsewhere(fault: Fault) -> None:
    host = fault.exchange.header("host")
    other = host.replace("127.0.0.1", "localhost") if "127.0.0.1" in host else host.replace("localhost", "127.0.0.1")
    fault.json(307, {}, {"Location": f"http://{other}/elsewhere"})


def _echo(fault: Fault) -> None:
    fault.error(401, f"Incorrect API key provided: {fault.exchange.header('authorization')}")


def _garbage(fault: Fault) -> None:
    fault.exchange.send(b"\x00\x01\x02 this is no HTTP \xff\xfe\r\n\r\n")
    fault.exchange.hang_up()


def _with_choice(reply: dict[str, Any], text: str) -> dict[str, Any]:
    first = reply["choices"][0]
    changed = {**first, "message": {**first["message"], "content": text}} if "message" in first else {**first, "text": text}
    return {**reply, "choices": [changed, *reply["choices"][1:]]}


def _give_up_later(fault: Fault) -> None:
    timer = asyncio.get_running_loop().call_later(fault.hang_s, fault.exchange.reset)
    fault.exchange.on_gone = timer.cancel


COMMON: dict[str, Callable[[Fault], None]] = {
    "429": _too_many,
    "429_retry_after": _too_many_for_a_while,
    "500": _internal_error,
    "502": _bad_gateway,
    "503": _overloaded,
    "timeout": _no_reply,
    "reset": _reset_inside,
    "truncated": _truncated,
    "malformed": _malformed,
    "no_choices": _no_choices,
    "other_model": _other_model,
    "drip": _drip,
}
"""What happens with ordinary servers and the networks in front of them, by name."""

HOSTILE: dict[str, Callable[[Fault], None]] = {
    "endless": _endless,
    "huge_token": _huge_token,
    "negative_usage": _negative_usage,
    "wrong_indices": _wrong_indices,
    "redirect": _elsewhere,
    "echo_key": _echo,
    "garbage": _garbage,
}
"""What only a broken or hostile server does, by name."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Which requests fail.

    ``share`` of all attempts fail, in one of ``kinds`` with equal probability; the draw is a function of ``seed``, the bytes of
    the request and how often the server has seen them. ``hang_s``: a reply that never comes ends in a reset after it, and a
    dripping one takes as long.
    """

    share: float = 0.3
    kinds: Sequence[str] = tuple(COMMON)
    seed: int = 0
    hang_s: float = 5.0

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.kinds if kind not in COMMON and kind not in HOSTILE]
        if unknown or not self.kinds:
            raise ValueError(f"unknown faults {unknown}; there are: {', '.join((*COMMON, *HOSTILE))}")

    def draw(self, digest: bytes, attempt: int) -> str:
        """The kind of fault of an attempt (from 1) of the request with this digest; empty for none."""
        bits = bits_of(digest, f"{self.seed}/{attempt}".encode())
        if (bits >> 32) / 2**32 >= self.share:
            return ""
        return self.kinds[(bits & 0xFFFFFFFF) % len(self.kinds)]
