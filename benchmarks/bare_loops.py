"""Loops that send prepared calls and do nothing else: what the same calls cost without a simulator around them.

`BareLoop` sends finished bytes by aiohttp, `OpenAILoop` the same calls through the openai client on its default transport. Both
keep a number of calls in flight, read every reply and take its text out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

__all__ = ["BareLoop", "OpenAILoop"]

_KNOWN = frozenset(
    {"messages", "model", "max_tokens", "max_completion_tokens", "temperature", "top_p", "stop", "seed", "n", "response_format",
     "logprobs", "top_logprobs", "logit_bias"}
)  # fmt: skip
"""Arguments of the client's method; whatever else a body has goes into its ``extra_body``."""


class BareLoop:
    """The calls by aiohttp, as the bytes they are. Use as an asynchronous context; connections are kept.

    Args:
        base_url: ``http://host:port/v1``.
        key: sent as bearer token, if not empty.
        in_flight: calls at once.
    """

    def __init__(self, base_url: str, *, key: str = "", in_flight: int = 64) -> None:
        self._url = f"{base_url}/chat/completions"
        self._key = key
        self._in_flight = in_flight
        self._session: Any = None

    async def __aenter__(self) -> BareLoop:
        import aiohttp

        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=self._in_flight), headers=headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def ask_all(self, bodies: Sequence[bytes]) -> int:
        """Send every body; the number of characters that came back."""

        async def ask(body: bytes) -> int:
            async with self._session.post(self._url, data=body) as response:
                raw = await response.read()
                if response.status != 200:
                    raise RuntimeError(f"HTTP {response.status}: {raw[:200]!r}")
            return len(orjson.loads(raw)["choices"][0]["message"]["content"])

        return await _in_turn(ask, bodies, self._in_flight)


class OpenAILoop:
    """The calls through `openai.AsyncOpenAI` on its default transport. Use as an asynchronous context; connections are kept.

    Args:
        base_url: ``http://host:port/v1``.
        key: what the client gets as its key; the client insists on one.
        in_flight: calls at once.
    """

    def __init__(self, base_url: str, *, key: str = "", in_flight: int = 64) -> None:
        self._base_url = base_url
        self._key = key or "none"
        self._in_flight = in_flight
        self._client: Any = None

    async def __aenter__(self) -> OpenAILoop:
        import openai

        self._client = openai.AsyncOpenAI(base_url=self._base_url, api_key=self._key, max_retries=0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def ask_all(self, calls: Sequence[Mapping[str, Any]]) -> int:
        """Make every call, given as the client's arguments (see `arguments`); the number of characters that came back."""
        create = self._client.chat.completions.create

        async def ask(call: Mapping[str, Any]) -> int:
            reply = await create(**call)
            return len(reply.choices[0].message.content)

        return await _in_turn(ask, calls, self._in_flight)

    @staticmethod
    def arguments(body: bytes) -> dict[str, Any]:
        """The arguments with which the client sends what a body says."""
        asked = orjson.loads(body)
        known = {name: value for name, value in asked.items() if name in _KNOWN}
        rest = {name: value for name, value in asked.items() if name not in _KNOWN}
        return {**known, "extra_body": rest} if rest else known


async def _in_turn(ask: Callable[[Any], Awaitable[int]], calls: Sequence[Any], in_flight: int) -> int:

    turn: Iterator[Any] = iter(calls)

    async def work() -> int:
        return sum([await ask(call) for call in turn])

    return sum(await asyncio.gather(*(work() for _ in range(in_flight))))
