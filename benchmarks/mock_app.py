"""What the mock server does with a request: answers it in a slot, or fails on purpose, and counts.

Knows paths, slots and faults; nothing of processes or sockets.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.mock_faults import COMMON, HOSTILE, Fault, Faults
from benchmarks.mock_http import Exchange
from benchmarks.mock_replies import MODEL, Refusal, answer_chat, answer_completions, answer_embeddings
from benchmarks.mock_slots import Latency, Slots

__all__ = ["MockApp"]


@dataclass(slots=True)
class _Seen:
    path: str
    body: bytes
    requests: int = 0
    acknowledged: int = 0


@dataclass(slots=True)
class _Work:
    """A request in a slot or on its way into one."""

    app: MockApp
    exchange: Exchange
    seen: _Seen
    reply: dict[str, Any]
    stream: bool
    seconds: float
    timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        if self.seconds <= 0.0:
            self.finish()
        else:
            self.timer = asyncio.get_running_loop().call_later(self.seconds, self.finish)

    def finish(self) -> None:
        self.exchange.on_gone = None
        self.app.slots.leave()
        if self.stream:
            _stream(self.exchange, self.reply)
        else:
            self.exchange.reply(200, orjson.dumps(self.reply))
        self.app.sent(self.seen)

    def abandon(self) -> None:
        """The client has gone: a slot works on it no longer."""
        self.app.counts["cancelled"] += 1
        if self.timer is None:
            self.app.slots.withdraw(self.begin)
        else:
            self.timer.cancel()
            self.app.slots.leave()


@dataclass(slots=True)
class MockApp:
    """What the server does with a request."""

    slots: Slots
    latency: Latency
    faults: Faults | None = None
    keep: bool = False
    model: str = MODEL
    counts: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    seen: dict[bytes, _Seen] = field(default_factory=dict)

    def handle(self, exchange: Exchange) -> None:
        """Answer a request, now or later."""
        path = exchange.path
        try:
            if path == "/v1/chat/completions" or path == "/v1/completions":
                self._generate(exchange, path)
            elif path == "/v1/embeddings":
                exchange.reply(200, orjson.dumps(answer_embeddings(orjson.loads(exchange.body))))
            elif path in _OTHERS:
                _OTHERS[path](self, exchange)
            else:
                self.counts["not_found"] += 1
                exchange.reply(404, orjson.dumps({"error": {"message": f"there is no {path}", "type": "not_found"}}))
        except (Refusal, orjson.JSONDecodeError) as error:
            self.counts["refused"] += 1
            exchange.reply(400, orjson.dumps({"error": {"message": str(error), "type": "invalid_request_error"}}))

    def connected(self) -> None:
        """Count a connection."""
        self.counts["connections"] += 1

    def sent(self, seen: _Seen) -> None:
        """Count a good reply."""
        seen.acknowledged += 1
        self.counts["acknowledged"] += 1

    def stats(self) -> dict[str, Any]:
        """Everything that was counted since the last reset."""
        counts = {
            name: self.counts[name] for name in ("requests", "acknowledged", "cancelled", "connections", "refused", "elsewhere")
        }
        slots = {"slots": self.slots.count, "busy": self.slots.busy, "waiting": self.slots.waiting}
        return {**counts, **slots, "most_waiting": self.slots.most_waiting, **self.slots.figures(), "faults": dict(self.struck)}

    def reset(self, changes: dict[str, Any]) -> None:
        """Count anew; ``slots``, ``latency_s`` and ``latency_sigma`` may be given other values."""
        self.counts.clear()
        self.struck.clear()
        self.seen.clear()
        self.slots.count = int(changes.get("slots", self.slots.count))
        self.latency = Latency(
            float(changes.get("latency_s", self.latency.median_s)), float(changes.get("latency_sigma", self.latency.sigma))
        )
        self.slots.restart()

    def _generate(self, exchange: Exchange, path: str) -> None:
        body = exchange.body
        asked = orjson.loads(body)
        if not isinstance(asked, dict):
            raise Refusal("the body must be a JSON object")
        reply = answer_chat(asked, body) if path == "/v1/chat/completions" else answer_completions(asked, body)
        digest = hashlib.blake2b(body, digest_size=16).digest()
        seen = self.seen.get(digest)
        if seen is None:
            seen = self.seen[digest] = _Seen(path, body if self.keep else b"")
        seen.requests += 1
        self.counts["requests"] += 1
        kind = self.faults.draw(digest, seen.requests) if self.faults is not None else ""
        if kind:
            self.struck[kind] += 1
            self._strike(exchange, kind, reply, seen)
            return
        work = _Work(self, exchange, seen, reply, bool(asked.get("stream")), self.latency.of(digest))
        exchange.on_gone = work.abandon
        self.slots.enter(work.begin)

    def _strike(self, exchange: Exchange, kind: str, reply: dict[str, Any], seen: _Seen) -> None:
        assert self.faults is not None

        def done(whole: bool) -> None:
            if whole:
                self.sent(seen)

        (COMMON.get(kind) or HOSTILE[kind])(Fault(exchange, reply, self.faults.hang_s, done))

    def _models(self, exchange: Exchange) -> None:
        listed = [{"id": self.model, "object": "model", "owned_by": "mock", "created": 1_700_000_000, "max_model_len": 32_768}]
        exchange.reply(200, orjson.dumps({"object": "list", "data": listed}))

    def _metrics(self, exchange: Exchange) -> None:
        rows = {
            "vllm:num_requests_running": self.slots.busy,
            "vllm:num_requests_waiting": self.slots.waiting,
            "vllm:kv_cache_usage_perc": self.slots.busy / self.slots.count,
            "vllm:num_preemptions_total": 0,
            "vllm:request_success_total": self.counts["acknowledged"],
        }
        page = "".join(f'{name}{{model_name="{self.model}"}} {value}\n' for name, value in rows.items())
        exchange.reply(200, page.encode(), {"Content-Type": "text/plain; version=0.0.4"})

    def _stats(self, exchange: Exchange) -> None:
        exchange.reply(200, orjson.dumps(self.stats()))

    def _kept(self, exchange: Exchange) -> None:
        rows = [(one.path, base64.b64encode(one.body).decode(), one.requests, one.acknowledged) for one in self.seen.values()]
        exchange.reply(200, orjson.dumps(rows))

    def _reset(self, exchange: Exchange) -> None:
        self.reset(orjson.loads(exchange.body or b"{}"))
        exchange.reply(200, b"{}")

    def _elsewhere(self, exchange: Exchange) -> None:
        """Whoever comes here has followed a redirect to another host."""
        self.counts["elsewhere"] += 1
        exchange.reply(200, b'{"choices": []}')

    def _version(self, exchange: Exchange) -> None:
        exchange.reply(200, b'{"version": "mock-1"}')

    def _health(self, exchange: Exchange) -> None:
        exchange.reply(200, b"{}")


_OTHERS: dict[str, Callable[[MockApp, Exchange], None]] = {
    "/v1/models": MockApp._models,
    "/metrics": MockApp._metrics,
    "/stats": MockApp._stats,
    "/kept": MockApp._kept,
    "/reset": MockApp._reset,
    "/elsewhere": MockApp._elsewhere,
    "/version": MockApp._version,
    "/health": MockApp._health,
}


def _stream(exchange: Exchange, reply: dict[str, Any]) -> None:
    """A finished reply as server-sent events, a word at a time."""
    exchange.begin_chunks("text/event-stream")
    head = {name: reply[name] for name in ("id", "created", "model")}
    chat = reply["object"] == "chat.completion"
    for choice in reply["choices"]:
        words = (choice["message"]["content"] if chat else choice["text"]).split(" ")
        for place, word in enumerate(words):
            last = place == len(words) - 1
            said = {"delta": {"content": word if last else word + " "}} if chat else {"text": word if last else word + " "}
            piece = {"index": choice["index"], **said, "finish_reason": choice["finish_reason"] if last else None}
            kind = "chat.completion.chunk" if chat else "text_completion"
            exchange.chunk(b"data: " + orjson.dumps({**head, "object": kind, "choices": [piece]}) + b"\n\n")
    exchange.chunk(b"data: " + orjson.dumps({**head, "choices": [], "usage": reply["usage"]}) + b"\n\ndata: [DONE]\n\n")
    exchange.chunk(b"")
    exchange.end()
