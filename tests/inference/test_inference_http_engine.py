"""Real requests over the loopback interface: good replies, every kind of bad one, and servers that mean harm."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from socsim.errors import (
    BadReply,
    ContextOverflow,
    InferenceError,
    RateLimited,
    Rejected,
    ScenarioError,
    Unavailable,
)
from socsim.inference.http_engine import HttpEngine, make_http_engine
from socsim.inference.http_errors import KeyRefused
from socsim.inference.types import Completion, Embedder, Engine, LoopBound, Request, Sampler, SamplingParams, Segment
from socsim.scenario.engines import InferenceSpec
from tests.inference.http_servers import Server, completion, raw_server, serving

KINDS = ("vllm", "hosted")
CANARY = "sk-canary-0123456789abcdef"


def spec(base_url: str | list[str], kind: str = "vllm", **fields: Any) -> InferenceSpec:
    endpoint = {"kind": kind, **fields.pop("endpoint", {})}
    return InferenceSpec.model_validate({"engine": "openai", "model": "m", "base_url": base_url, "endpoint": endpoint, **fields})


def text(content: str = "Well?") -> Request:
    return Request("text", (Segment("system", "You are 40."), Segment("user", content)), sampling=SamplingParams(max_tokens=5))


def with_engine(
    body: Callable[[HttpEngine, Server], Awaitable[Any]], kind: str = "vllm", server: Server | None = None, **fields: Any
) -> Any:
    async def main() -> Any:
        async with serving(server) as one:
            engine = make_http_engine(spec(one.base_url, kind, **fields), None)
            try:
                return await asyncio.wait_for(body(engine, one), 20)
            finally:
                await engine.leave()
                engine.close()

    return asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_comes_back_with_its_usage(kind: str) -> None:
    async def body(engine: HttpEngine, server: Server) -> None:
        assert isinstance(engine, Engine)
        assert isinstance(engine, Sampler)
        assert isinstance(engine, Embedder)
        assert isinstance(engine, LoopBound)
        found = await engine.generate(text(), seed=3)
        assert (found.text, found.usage.prompt_tokens, found.usage.completion_tokens) == ("Hi.", 7, 3)
        several = await engine.sample(text(), seeds=[1, 2, 3])
        assert [one.usage.prompt_tokens for one in several] == [7, 0, 0]
        assert server.bodies[-1]["n"] == 3
        assert engine.endpoints()[0].calls == 2

    with_engine(body, kind)


def status(code: int, words: Any, **headers: str) -> Any:
    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"error": {"message": words}}, status=code, headers=names)

    return answer


def saying(content: bytes) -> Any:
    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(body=content, content_type="application/json")

    return answer


FAULTS: list[tuple[Any, type[InferenceError], str]] = [
    (status(429, "slow", Retry_After="2"), RateLimited, "429"),
    (status(500, "oops"), Unavailable, "oops"),
    (status(503, "busy"), Unavailable, "busy"),
    (status(400, "maximum context length is 8"), ContextOverflow, "maximum context"),
    (status(401, "who?"), KeyRefused, r"401.*inference\.key"),
    (status(404, "Not Found"), Rejected, r"inference\.base_url"),
    (status(302, "go", Location="http://evil.example/v1"), Rejected, "evil.example"),
    (saying(b'{"choices": [{"mess'), BadReply, "no JSON"),
    (saying(b"<html>"), BadReply, "no JSON"),
    (saying(b'{"choices": []}'), BadReply, "no choices"),
    (saying(b"[" * 100_000), BadReply, "no JSON"),
    (saying(b'{"choices": [{"index": 0, "message": {"content": "' + b"x" * 9_000_000 + b'"}}]}'), BadReply, "larger than 8 MB"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("answer", "error", "said"), FAULTS)
def test_bad_replies_are_typed(kind: str, answer: Any, error: type[InferenceError], said: str) -> None:
    async def body(engine: HttpEngine, server: Server) -> None:
        server.answers["bad"] = answer
        with pytest.raises(error, match=said) as caught:
            await engine.generate(text("bad"))
        assert type(caught.value) is error
        if error is RateLimited:
            assert caught.value.retry_after_s == 2.0  # type: ignore[attr-defined]
        assert (await engine.generate(text())).text == "Hi."

    with_engine(body, kind)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def _reset_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _reset_in_the_middle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b'Content-Length: 500\r\n\r\n{"choices"')
    await writer.drain()
    writer.transport.abort()


async def _garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff\xfe no http at all \r\n\r\n")
    await writer.drain()


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def _endless_error(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def _huge_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Much: " + b"x" * 1_000_000 + b"\r\n\r\n{}")
    await writer.drain()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", [_reset_at_once, _reset_in_the_middle, _garbage, _endless, _endless_error, _huge_header])
def test_servers_that_break_off_or_never_end_are_errors_and_nothing_is_read_without_end(kind: str, answer: Any) -> None:
    async def main() -> None:
        async with raw_server(answer) as address:
            engine = make_http_engine(spec(address, kind, endpoint={"largest_reply_mb": 1.0}), None)
            try:
                with pytest.raises((Unavailable, BadReply)) as caught:
                    await asyncio.wait_for(engine.generate(text()), 20)
                assert len(str(caught.value)) < 500
            finally:
                await engine.leave()
                engine.close()

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_is_given_up_frees_its_connection_and_the_next_one_is_answered(kind: str) -> None:
    async def body(engine: HttpEngine, server: Server) -> None:
        begun = asyncio.Event()

        async def drip(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            begun.set()
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.01)

        server.answers["slow"] = drip
        slow = asyncio.ensure_future(engine.generate(text("slow")))
        await begun.wait()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert (await engine.generate(text())).text == "Hi."
        assert engine.endpoints()[0].in_flight == 0

    with_engine(body, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_there_is_unavailable(kind: str) -> None:
    async def main() -> None:
        engine = make_http_engine(spec("http://127.0.0.1:9/v1", kind), None)
        with pytest.raises(Unavailable, match="no connection"):
            await engine.generate(text())
        await engine.leave()
        engine.close()

    asyncio.run(main())


async def _echo(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    key = request.headers["Authorization"]
    return web.json_response(
        {"error": {"message": f"bad key {key} {key[7:20]}", "code": key}}, status=401, headers={"X-Key": key}
    )


async def _echo_busy(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    return web.Response(text=f"busy {request.headers['Authorization']}", status=503)


async def _echo_redirect(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": f"http://{request.headers['Authorization'][7:]}.example/"})


async def _echo_model(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    return web.json_response(completion(body, model=request.headers["Authorization"]))


async def _echo_refusal(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    message = {"role": "assistant", "content": None, "refusal": f"no {request.headers['Authorization']}"}
    return web.json_response(completion(body, choices=[{"index": 0, "message": message, "finish_reason": "stop"}]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", [_echo, _echo_busy, _echo_redirect, _echo_model, _echo_refusal])
def test_a_key_that_a_server_repeats_shows_in_no_error_and_no_trace(
    kind: str, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCSIM_TEST_KEY", CANARY)

    async def body(engine: HttpEngine, server: Server) -> None:
        server.answers["bad"] = answer
        try:
            await engine.generate(text("bad"))
        except InferenceError as error:
            shown = "".join(traceback.format_exception(error)) + repr(error) + str(error)
        else:
            pytest.fail("no error")
        assert server.keys == [f"Bearer {CANARY}"]
        for part in (CANARY, CANARY[:13], CANARY[-13:]):
            assert part not in shown
        assert CANARY not in repr(engine) + repr(vars(engine)) + repr(engine.identity)

    with_engine(body, kind, key="SOCSIM_TEST_KEY")


@pytest.mark.parametrize("kind", KINDS)
def test_nor_does_it_get_into_a_reply(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCSIM_TEST_KEY", CANARY)

    async def body(engine: HttpEngine, server: Server) -> None:
        async def repeat(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
            return web.json_response(completion(body, text=f"Your key is {request.headers['Authorization']}."))

        server.answers["bad"] = repeat
        assert (await engine.generate(text("bad"))).text == "Your key is Bearer [key]."

    with_engine(body, kind, key="SOCSIM_TEST_KEY")


def test_keys_are_not_sent_in_the_clear_and_hosted_apis_want_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCSIM_TEST_KEY", CANARY)
    with pytest.raises(ScenarioError, match=r"inference\.base_url.*unencrypted") as caught:
        make_http_engine(spec("http://10.0.0.9/v1", key="SOCSIM_TEST_KEY"), None)
    assert CANARY not in str(caught.value)
    with pytest.raises(ScenarioError, match=r"inference\.key.*wants a key"):
        make_http_engine(InferenceSpec(engine="openai", model="gpt-4o-mini"), None)
    with pytest.raises(ScenarioError, match=r"inference\.base_url.*vllm server is missing"):
        make_http_engine(InferenceSpec.model_validate({"engine": "openai", "model": "m", "endpoint": {"kind": "vllm"}}), None)
    with pytest.raises(ScenarioError, match=r"inference\.endpoint\.tokenizer"):
        make_http_engine(spec("http://127.0.0.1/v1", endpoint={"api": "completions", "tokenizer": "absent.json"}), Path())


def test_what_a_server_can_do_depends_on_its_declared_kind_only() -> None:
    able = {
        kind: make_http_engine(spec("http://127.0.0.1:1/v1", kind), None).capabilities()
        for kind in ("hosted", "vllm", "sglang", "ollama", "llama_server")
    }
    assert [kind for kind, one in able.items() if one.prefill] == ["vllm", "sglang", "llama_server"]
    assert [kind for kind, one in able.items() if one.samples > 1] == ["hosted", "vllm", "sglang"]
    assert [kind for kind, one in able.items() if one.adapters] == ["vllm"]
    assert not any(one.whole_options or one.steering for one in able.values())
    assert {one.most_candidates for one in able.values()} == {20}
    none = make_http_engine(spec("http://127.0.0.1:1/v1", endpoint={"top_logprobs": 0}), None)
    assert not none.capabilities().score
    two = make_http_engine(spec(["http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1/"], endpoint={"parallel": 8}), None)
    assert two.capabilities().parallel == 16
    assert [one.address for one in two.endpoints()] == ["http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"]


@pytest.mark.parametrize("kind", KINDS)
def test_scores_come_from_the_listed_tokens(kind: str) -> None:
    async def body(engine: HttpEngine, server: Server) -> None:
        async def listing(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
            rows = [{"token": "A", "logprob": -0.2, "bytes": [65]}, {"token": "B", "logprob": -1.9, "bytes": [66]}]
            choice = {"index": 0, "message": {"content": "A"}, "finish_reason": "length"}
            content = [{"token": "A", "logprob": -0.2, "top_logprobs": rows}]
            return web.json_response(completion(body, choices=[{**choice, "logprobs": {"content": content}}]))

        server.answers["Agree?"] = listing
        request = Request("score", (Segment("user", "Agree?"),), candidates=("A", "B", "C"))
        found = await engine.generate(request)
        assert found.logprobs == (-0.2, -1.9, float("-inf"))
        assert found.finish_reason == "scored"
        assert "1 of 3 labels" in found.notes[0]

    with_engine(body, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_embeddings_come_in_the_order_of_the_texts(kind: str) -> None:
    async def body(engine: HttpEngine, server: Server) -> None:
        assert await engine.embed(["a", "abc"]) == [(1.0, 1.0), (3.0, 1.0)]
        with pytest.raises(BadReply, match=r"numbers \[1\] came back, 2 were"):
            await engine.embed(["wrong", "b"])

    with_engine(body, kind)


def test_the_fingerprint_is_models_version_and_a_fixed_greedy_question() -> None:
    async def body(engine: HttpEngine, server: Server) -> None:
        server.pages["/version"] = lambda: web.json_response({"version": "0.32.0"})
        assert await engine.fingerprint() == {"models": "m", "version": "0.32.0", "probe": "Hi."}
        assert server.bodies[-1]["temperature"] == 0.0
        server.models = ["another"]
        with pytest.raises(ScenarioError, match=r"inference\.model.*no model 'm'.*another"):
            await engine.fingerprint()

    with_engine(body)


def test_a_hosted_api_is_asked_nothing_that_costs() -> None:
    async def body(engine: HttpEngine, server: Server) -> None:
        assert await engine.fingerprint() == {"models": "m"}
        server.models = ["another"]
        assert await engine.fingerprint() == {}
        assert server.bodies == []

    with_engine(body, "hosted")


def test_figures_of_the_server_are_read_where_it_offers_them() -> None:
    async def body(engine: HttpEngine, server: Server) -> None:
        assert await engine.server_metrics() == {}
        lines = [
            'vllm:num_requests_waiting{engine="0"} 3',
            'vllm:num_requests_waiting{engine="1"} 4',
            "vllm:kv_cache_usage_perc 0.5",
        ]
        page = "\n".join([*lines, "x 1", ""])
        server.pages["/metrics"] = lambda: web.Response(text=page)
        assert await engine.server_metrics() == {"waiting": 7.0, "kv_cache_usage": 0.5}

    with_engine(body)


@pytest.mark.parametrize("kind", KINDS)
def test_one_engine_serves_one_loop_after_another(kind: str) -> None:
    async def once(engine: HttpEngine, leave: bool) -> Completion:
        async with serving() as server:
            engine._endpoints = type(engine._endpoints)([server.base_url])
            found = await engine.generate(text())
            if leave:
                await engine.leave()
            return found

    engine = make_http_engine(spec("http://127.0.0.1:1/v1", kind), None)
    assert [asyncio.run(once(engine, True)).text for _ in range(2)] == ["Hi.", "Hi."]
    engine.close()
    engine.close()
