"""The benchmark of a server, against a small server with vLLM's manners and against llama.cpp's own OpenAI-compatible one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from benchmarks.serve import arguments_of, measured, peak_of, print_summary, shape_of, share_of_ceiling
from benchmarks.serve_client import ServerAsker, Timed
from benchmarks.sweep import Level
from benchmarks.talk import Asked, talk
from benchmarks.traces import TracedCall
from socsim.errors import ModelFileError
from socsim.models import DEFAULT_MODEL, find_model

TURN = talk(1, 1, reply_tokens=4)[0]


class FakeVllm:
    """Streams replies of as many pieces as asked, word by word, with vLLM's counts and pages."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.answer: Callable[[], web.Response | None] = lambda: None

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.keys.add(request.headers.get("Authorization"))
        instead = self.answer()
        if instead is not None:
            return instead
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        tokens = self.bodies[-1]["max_tokens"]
        events: list[dict[str, Any]] = [{"choices": [{"delta": {"role": "assistant", "content": ""}}]}]
        events += [{"choices": [{"delta": {"content": "word "}}]} for _ in range(tokens)]
        details = {"prompt_tokens_details": {"cached_tokens": 60}}
        events.append({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": tokens, **details}})
        for event in events:
            await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        await response.write(b"data: [DONE]\n\n")
        return response

    async def metrics(self, request: web.Request) -> web.Response:
        return web.Response(text=f"vllm:num_preemptions_total {len(self.bodies)}\nvllm:num_requests_running 2\n")

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "tiny", "max_model_len": 4096}]})

    async def version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0.30.0"})

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_post("/v1/completions", self.chat)
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/version", self.version)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()


def asked(server: FakeVllm, turn: Asked = TURN, **options: Any) -> Timed:
    async def main() -> Timed:
        async with server.served() as address, ServerAsker(address, **options) as asker:
            return await asker.ask(turn)

    return asyncio.run(main())


def benchmark(server: FakeVllm, *options: str) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        async with server.served() as address:
            return await measured(arguments_of(["--base-url", address, *options]))

    return asyncio.run(main())


def test_a_call_is_timed_and_counted() -> None:
    server = FakeVllm()
    found = asked(server, key="secret")
    assert (found.prompt_tokens, found.completion_tokens, found.cached_tokens, found.error) == (100, 4, 60, "")
    assert 0.0 < found.ttft_s <= found.e2el_s
    assert server.keys == {"Bearer secret"}
    (body,) = server.bodies
    assert body["messages"] == TURN.messages
    assert (body["model"], body["ignore_eos"], body["stream_options"]) == ("tiny", True, {"include_usage": True})


def test_a_begun_reply_is_continued_and_a_bare_text_has_no_messages() -> None:
    server = FakeVllm()
    begun = (("user", "Well?"), ("assistant", "I think"))
    asked(server, TracedCall(1, "text", "chat", begun, 5, 1.0, 9, 3, 4, 0.5))
    asked(server, TracedCall(1, "text", "plain", (("user", "Well, "), ("user", "I")), 5, 1.0, 9, 3, 4, 0.5))
    chat, plain = server.bodies
    assert (chat["continue_final_message"], chat["add_generation_prompt"]) == (True, False)
    assert (plain["prompt"], "messages" in plain) == ("Well, I", False)
    asked(server)
    assert "continue_final_message" not in server.bodies[-1]


def test_a_hosted_server_is_not_sent_what_it_does_not_know() -> None:
    server = FakeVllm()
    asked(server, kind="hosted")
    assert "ignore_eos" not in server.bodies[0]
    assert server.keys == {None}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda: web.Response(status=503, text="overloaded"), "HTTP 503: overloaded"),
        (lambda: web.Response(text="data: [DONE]\n\n"), "without a reply"),
        (lambda: web.Response(text="data: {nonsense\n\n"), "JSONDecodeError"),
        (lambda: web.Response(text='data: {"error": {"message": "out of memory"}}\n\n'), "out of memory"),
    ],
)
def test_what_is_no_reply_is_a_failed_call(answer: Callable[[], web.Response], message: str) -> None:
    server = FakeVllm()
    server.answer = answer
    found = asked(server)
    assert message in found.error
    assert found.completion_tokens == 0


def test_a_server_that_is_not_there_is_said_to_be_absent() -> None:
    with pytest.raises(SystemExit, match="Is a server running there"):
        asyncio.run(measured(arguments_of(["--base-url", "http://127.0.0.1:9/v1"])))


def test_the_sweep_gives_figures_costs_shares_and_settings(capsys: pytest.CaptureFixture[str]) -> None:
    server = FakeVllm()
    options = "--most 4 --usd-per-hour 3.6 --gpu h100 --params-b 0.001 --reply-tokens 4 --agents 8"
    found = benchmark(server, *options.split())
    assert [level["failed"] for level in found["levels"]] == [0] * len(found["levels"])
    assert found["levels"][0]["preemptions"] == 16
    assert found["server"] == {"kind": "vllm", "version": "0.30.0", "model": "tiny"}
    assert found["usd_per_1000_agent_steps"] == pytest.approx(1.0 / found["agent_steps_per_s"])
    assert 0.0 < found["share_of_ceiling"] < 1.0
    assert found["best"]["cached_share"] == pytest.approx(0.6)
    assert any("--max-model-len 256" in advice["setting"] for advice in found["advice"])
    assert {"hardware", "versions", "seed", "tokens_per_s"} <= set(found)
    json.dumps(found)
    print_summary(found)
    printed = capsys.readouterr().out
    assert "USD per 1,000 agent-steps" in printed
    assert "--generation-config vllm" in printed


def test_nothing_answered_ends_with_what_went_wrong() -> None:
    server = FakeVllm()
    server.answer = lambda: web.Response(status=500, text="no")
    with pytest.raises(SystemExit, match="HTTP 500"):
        benchmark(server, "--most", "1")


def test_shape_and_peak_come_from_the_command_line(tmp_path: Any) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"hidden_size": 4}))
    with pytest.raises(SystemExit, match="--params-b"):
        shape_of(arguments_of(["--base-url", "http://x/v1", "--model", str(tmp_path)]))
    with pytest.raises(SystemExit, match="--peak-tflops"):
        peak_of(arguments_of(["--base-url", "http://x/v1", "--gpu", "riva-128"]))
    peak, source = peak_of(arguments_of(["--base-url", "http://x/v1", "--gpu", "l40s", "--gpus", "2"]))
    assert peak is not None
    assert (peak.tflops, "data sheet" in source) == (724.0, True)
    assert peak_of(arguments_of(["--base-url", "http://x/v1"])) == (None, "")


def test_without_cached_tokens_there_is_no_share_of_the_ceiling() -> None:
    arguments = arguments_of(["--base-url", "http://x/v1", "--gpu", "h100", "--params-b", "8"])
    shape, (peak, _) = shape_of(arguments), peak_of(arguments)
    assert shape is not None
    assert peak is not None
    assert share_of_ceiling(Level(1, 1.0, [Timed(0.1, 0.05, 100, 10, None)]), shape, peak) is None
    found = share_of_ceiling(Level(1, 1.0, [Timed(0.1, 0.05, 100, 10, 50)]), shape, peak)
    assert found is not None
    assert found["uncached_prompt_tokens_per_s"] == pytest.approx(50.0)


@pytest.mark.model
def test_llama_cpps_own_server_is_measured() -> None:
    try:
        path = find_model(DEFAULT_MODEL, fetch=True)
    except ModelFileError as error:
        pytest.skip(f"the model is not here and cannot be had: {error}")
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel, params.n_ctx, params.kv_unified, params.hostnames = 2, 1024, False, ["127.0.0.1"]
    params.endpoint_metrics, params.ui, params.warmup, params.verbosity, params.api_keys = True, False, False, -1, ["key"]
    server = xllamacpp.Server(params)
    address = f"{server.listening_address}/v1"

    async def main() -> tuple[list[Timed], dict[str, float], str]:
        async with ServerAsker(address, kind="llama_server", key="key") as asker:
            calls = [await asker.ask(TURN) for _ in range(2)]
            return calls, await asker.metrics(), await asker.version()

    (first, again), metrics, version = asyncio.run(main())
    assert (first.error, again.error) == ("", "")
    assert first.completion_tokens == again.completion_tokens == 4
    assert first.prompt_tokens > 50
    assert again.cached_tokens is not None
    assert again.cached_tokens > 50
    assert {"running", "waiting"} <= set(metrics)
    assert version
