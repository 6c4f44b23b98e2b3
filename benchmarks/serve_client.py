"""Asks a server with OpenAI's wire format, streaming, and times it: the benchmark's own client, independent of the layer's.

Knows HTTP and server-sent events; nothing of sweeps or figures.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

import orjson

from benchmarks.server_metrics import read_metrics
from benchmarks.talk import Asked

__all__ = ["ServerAsker", "ServerKind", "Timed"]

ServerKind = Literal["vllm", "sglang", "llama_server", "ollama", "hosted"]
_KEEPS_LENGTH = ("vllm", "sglang", "llama_server")
_TIMEOUT_S = 600.0
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Timed:
    """One call: seconds and tokens, or what went wrong. ``cached_tokens`` is None where the server does not say."""

    e2el_s: float
    ttft_s: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int | None = None
    error: str = ""

    @property
    def tpot_s(self) -> float | None:
        """Seconds per token after the first; None for replies of one token."""
        return (self.e2el_s - self.ttft_s) / (self.completion_tokens - 1) if self.completion_tokens > 1 else None


class ServerAsker:
    """A running server; use it as an asynchronous context.

    Args:
        base_url: ``http://host:port/v1``.
        model: name of the model; the first that the server lists where empty.
        kind: what the server is, as declared.
        key: sent as bearer token, if not empty.
        fixed_length: ask for replies of exactly the longest length, where this kind of server can.
    """

    def __init__(
        self, base_url: str, *, model: str = "", kind: ServerKind = "vllm", key: str = "", fixed_length: bool = True
    ) -> None:
        self.options = {"base_url": base_url, "model": model, "kind": kind, "key": key, "fixed_length": fixed_length}
        """What makes another one like this."""
        self.base_url = base_url.rstrip("/")
        self.model = model
        self.max_model_len: int | None = None
        self._kind = kind
        self._key = key
        self._fixed_length = fixed_length and kind in _KEEPS_LENGTH
        self._session: Any = None

    async def __aenter__(self) -> ServerAsker:
        import aiohttp

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._session = aiohttp.ClientSession(
            # llama.cpp closes a connection after a stream, and does not say so.
            connector=aiohttp.TCPConnector(limit=0, force_close=self._kind == "llama_server"),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
        )
        try:
            await self._find_model()
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()

    async def ask(self, turn: Asked) -> Timed:
        """One turn, asked and timed; what goes wrong is in the result."""
        import aiohttp

        began = time.perf_counter()
        try:
            return await self._asked(turn, began)
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
            return Timed(time.perf_counter() - began, error=f"{type(error).__name__}: {error}"[:300])

    async def version(self) -> str:
        """What the server says of itself, as far as it says anything."""
        for path, read in (
            ("/version", "version"),
            ("/get_server_info", "version"),
            ("/api/version", "version"),
            ("/props", "build_info"),
        ):
            found = await self._get_json(self._root + path)
            if isinstance(found, dict) and found.get(read):
                return str(found[read])
        return ""

    async def metrics(self) -> dict[str, float]:
        """Figures of the server's ``/metrics``; empty where there is none."""
        import aiohttp

        try:
            async with self._session.get(f"{self._root}/metrics") as response:
                return read_metrics(await response.text()) if response.status == 200 else {}
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return {}

    @property
    def _root(self) -> str:
        return self.base_url.removesuffix("/v1")

    async def _find_model(self) -> None:
        listed = await self._get_json(f"{self.base_url}/models")
        rows = listed.get("data") if isinstance(listed, dict) else None
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if not self.model and not rows:
            raise SystemExit(f"{self.base_url}/models lists no model. Is a server running there? Else name one with --model")
        row: Mapping[str, Any] = next((row for row in rows if row.get("id") == self.model), rows[0] if rows else {})
        self.model = self.model or str(row["id"])
        length = row.get("max_model_len") or (row.get("meta") or {}).get("n_ctx")
        self.max_model_len = int(length) if length else None

    async def _get_json(self, address: str) -> Any:
        import aiohttp

        try:
            async with self._session.get(address) as response:
                return await response.json(content_type=None) if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None

    def _body(self, turn: Asked) -> dict[str, Any]:
        prompt = {"prompt": turn.plain_text} if turn.plain_text else {"messages": turn.messages}
        body: dict[str, Any] = {
            "model": self.model, **prompt, "max_tokens": turn.reply_tokens, "temperature": 1.0, "top_p": 1.0, "stream": True,
            "stream_options": {"include_usage": True},
        }  # fmt: skip
        if self._kind in ("vllm", "sglang") and "messages" in prompt and turn.messages[-1]["role"] == "assistant":
            body |= {"add_generation_prompt": False, "continue_final_message": True}
        return {**body, "ignore_eos": True} if self._fixed_length else body

    async def _asked(self, turn: Asked, began: float) -> Timed:
        first, usage, texts = 0.0, {}, 0
        path = "completions" if turn.plain_text else "chat/completions"
        async with self._session.post(f"{self.base_url}/{path}", data=orjson.dumps(self._body(turn)), headers=_JSON) as response:
            if response.status != 200:
                return Timed(time.perf_counter() - began, error=f"HTTP {response.status}: {(await response.text())[:200]}")
            async for line in response.content:
                event = _event(line)
                if event.get("error"):
                    return Timed(time.perf_counter() - began, error=str(event["error"])[:300])
                if _has_text(event):
                    texts += 1
                    first = first or time.perf_counter() - began
                usage = _usage(event) or usage
        elapsed = time.perf_counter() - began
        if not first and not usage:
            return Timed(elapsed, error="the stream ended without a reply")
        return Timed(elapsed, first or elapsed, usage.get("prompt", 0), usage.get("completion", texts), usage.get("cached"))


def _event(line: bytes) -> dict[str, Any]:
    """The object of a line ``data: {…}``; empty for other lines."""
    if not line.startswith(b"data:"):
        return {}
    data = line[5:].strip()
    event = {} if data == b"[DONE]" else orjson.loads(data)
    return event if isinstance(event, dict) else {}


def _has_text(event: Mapping[str, Any]) -> bool:
    choices = event.get("choices") or ()
    return any((choice.get("delta") or {}).get("content") or choice.get("text") for choice in choices)


def _usage(event: Mapping[str, Any]) -> dict[str, Any]:
    """Token counts of an event that has them; llama.cpp tells cached tokens among its timings."""
    usage = event.get("usage")
    if not usage:
        return {}
    details = usage.get("prompt_tokens_details") or {}
    cached = details.get("cached_tokens", (event.get("timings") or {}).get("cache_n"))
    return {"prompt": int(usage["prompt_tokens"]), "completion": int(usage["completion_tokens"]), "cached": cached}
