"""Servers for tests on the loopback interface: one that answers as it is told to, by what the user says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def completion(body: dict[str, Any], text: str = "Hi.", **changes: Any) -> dict[str, Any]:
    """A chat completion as a well-behaved server gives it."""
    count = body.get("n", 1)
    choices = [
        {"index": number, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"} for number in range(count)
    ]
    usage = {"prompt_tokens": 7, "completion_tokens": 3 * count}
    return {"id": "x", "object": "chat.completion", "model": body["model"], "choices": choices, "usage": usage, **changes}


async def _well(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    return web.json_response(completion(body))


class Server:
    """A server whose answers are chosen by the last message; ``answers[text]`` or a plain completion."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.models = ["m"]
        self.pages: dict[str, Callable[[], web.Response]] = {}
        self.base_url = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        return await self.answers.get(body["messages"][-1]["content"], _well)(request, body)

    async def embeddings(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        rows = [{"index": n, "embedding": [float(len(text)), 1.0]} for n, text in enumerate(body["input"])]
        if "wrong" in body["input"]:
            rows = rows[1:]
        return web.json_response({"data": rows[::-1], "model": body["model"]})

    async def listed(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def page(self, request: web.Request) -> web.StreamResponse:
        make = self.pages.get(request.path)
        return make() if make else web.Response(status=404)


@asynccontextmanager
async def serving(server: Server | None = None) -> AsyncIterator[Server]:
    """The server on a free port of this machine."""
    server = server or Server()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_post("/v1/embeddings", server.embeddings)
    app.router.add_get("/v1/models", server.listed)
    app.router.add_get("/{any:.*}", server.page)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server below HTTP: ``answer`` gets the streams of each connection after one request has come. Yields the address."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
            )
            await reader.readexactly(length)
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
