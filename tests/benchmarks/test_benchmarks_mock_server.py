"""The mock server is what other measurements rely on: its counts, slots, replies and faults must be what it says."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import openai
import pytest

from benchmarks.mock_faults import COMMON, HOSTILE, Faults
from benchmarks.mock_replies import value_for
from benchmarks.mock_server import Latency, MockServer
from benchmarks.mock_slots import Slots

QUESTION: dict[str, Any] = {"model": "mock", "messages": [{"role": "user", "content": "Is A or B better?"}], "max_tokens": 20}


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(slots=4, keep=True) as server:
        yield server


@pytest.fixture(autouse=True)
def _count_anew(server: MockServer) -> None:
    server.reset(slots=4, latency_s=0.0, latency_sigma=0.0)


def posted(server: MockServer, path: str, body: Any) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(server.base_url + path, json.dumps(body).encode(), timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def chat(server: MockServer, **changes: Any) -> Any:
    status, reply = posted(server, "/chat/completions", {**QUESTION, **changes})
    assert status == 200, reply
    return reply


async def at_once(server: MockServer, bodies: list[Any], timeout_s: float = 30.0) -> list[int | str]:
    """Statuses of requests made together, or the name of what went wrong."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=timeout_s)) as session:

        async def one(body: Any) -> int | str:
            try:
                async with session.post(f"{server.base_url}/chat/completions", json=body) as response:
                    await response.read()
                    return response.status
            except (aiohttp.ClientError, TimeoutError) as error:
                return type(error).__name__

        return await asyncio.gather(*map(one, bodies))


def test_equal_requests_get_equal_replies_and_others_get_others(server: MockServer) -> None:
    assert chat(server) == chat(server)
    texts = {chat(server, seed=seed)["choices"][0]["message"]["content"] for seed in range(12)}
    assert len(texts) > 6


def test_the_replies_of_a_request_are_numbered_cut_and_counted(server: MockServer) -> None:
    reply = chat(server, n=3, max_tokens=2)
    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2]
    assert {choice["finish_reason"] for choice in reply["choices"]} == {"length"}
    assert reply["usage"]["completion_tokens"] == 6
    assert chat(server)["choices"][0]["finish_reason"] == "stop"
    long = chat(server, messages=[{"role": "user", "content": "word " * 100}])["usage"]
    assert 0 < long["prompt_tokens_details"]["cached_tokens"] <= long["prompt_tokens"]


def test_token_log_probabilities_are_of_a_distribution_and_favour_labels_of_the_prompt(server: MockServer) -> None:
    first = chat(server, logprobs=True, top_logprobs=20, max_tokens=1)["choices"][0]["logprobs"]["content"][0]
    listed = [row["logprob"] for row in first["top_logprobs"]]
    assert len(listed) == 20
    assert listed == sorted(listed, reverse=True)
    assert 0.5 < sum(2.718281828**p for p in listed) < 1.0
    assert {row["token"] for row in first["top_logprobs"][:2]} == {"A", "B"}
    assert posted(server, "/chat/completions", {**QUESTION, "logprobs": True, "top_logprobs": 21})[0] == 400


def test_prompts_of_token_ids_are_answered_in_their_order(server: MockServer) -> None:
    prompts = [[1, 2, 3], [4, 5]]
    status, both = posted(server, "/completions", {"model": "mock", "prompt": prompts, "n": 2, "logprobs": 3, "max_tokens": 3})
    assert status == 200
    assert [choice["index"] for choice in both["choices"]] == [0, 1, 2, 3]
    assert both["usage"]["prompt_tokens"] == 5
    assert all(len(row) == 3 for choice in both["choices"] for row in choice["logprobs"]["top_logprobs"])
    _, alone = posted(server, "/completions", {"model": "mock", "prompt": [4, 5], "n": 2, "logprobs": 3, "max_tokens": 3})
    assert [c["text"] for c in alone["choices"]] == [c["text"] for c in both["choices"][2:]]


SCHEMA = {
    "type": "object",
    "properties": {
        "stance": {"enum": ["for", "against"]},
        "percent": {"type": "integer", "minimum": 3, "maximum": 9},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "why": {"type": "array", "items": {"$ref": "#/$defs/reason"}, "minItems": 2, "maxItems": 3},
        "sure": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    },
    "required": ["stance", "percent", "share", "why", "sure"],
    "additionalProperties": False,
    "$defs": {"reason": {"type": "string", "minLength": 1, "maxLength": 30}},
}


def test_a_reply_follows_the_schema_that_was_asked_for(server: MockServer) -> None:
    for number in range(50):
        jsonschema.validate(value_for(SCHEMA, str(number).encode()), SCHEMA)
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}
    jsonschema.validate(json.loads(chat(server, response_format=form)["choices"][0]["message"]["content"]), SCHEMA)


def test_embeddings_are_unit_vectors_of_their_texts(server: MockServer) -> None:
    _, reply = posted(server, "/embeddings", {"model": "mock", "input": ["one", "two", "one"]})
    first, second, third = (row["embedding"] for row in reply["data"])
    assert first == third != second
    assert sum(x * x for x in first) == pytest.approx(1.0)


def test_what_is_no_request_is_refused_with_a_reason(server: MockServer) -> None:
    for path, body in [("/chat/completions", {"model": "mock"}), ("/completions", {"prompt": []}), ("/chat/completions", [])]:
        status, reply = posted(server, path, body)
        assert status == 400
        assert reply["error"]["message"]
    assert posted(server, "/nothing", {})[0] == 404
    assert server.stats()["requests"] == 0


def test_the_openai_client_understands_it(server: MockServer) -> None:
    with openai.OpenAI(base_url=server.base_url, api_key="none", max_retries=0) as client:
        whole = client.chat.completions.create(model="mock", messages=QUESTION["messages"], max_tokens=20)
        assert [model.id for model in client.models.list()] == ["mock"]
        text, usage = "", None
        for event in client.chat.completions.create(
            model="mock", messages=QUESTION["messages"], max_tokens=20, stream=True, stream_options={"include_usage": True}
        ):
            text += (event.choices[0].delta.content or "") if event.choices else ""
            usage = event.usage or usage
    assert whole.choices[0].message.content
    assert len(text.split()) > 2
    assert usage is not None
    assert usage.completion_tokens == len(text.split())


def test_every_request_and_acknowledged_reply_is_counted(server: MockServer) -> None:
    bodies = [{**QUESTION, "seed": seed % 5} for seed in range(20)]
    assert asyncio.run(at_once(server, bodies)) == [200] * 20
    kept = server.kept()
    assert [json.loads(one.body)["seed"] for one in sorted(kept, key=lambda one: one.body)] == [0, 1, 2, 3, 4]
    assert {(one.requests, one.acknowledged) for one in kept} == {(4, 4)}
    stats = server.stats()
    assert (stats["requests"], stats["acknowledged"], stats["cancelled"]) == (20, 20, 0)
    server.reset()
    assert server.kept() == []


def test_slots_bound_what_is_worked_on_and_the_rest_waits(server: MockServer) -> None:
    server.reset(slots=4, latency_s=0.05)
    assert asyncio.run(at_once(server, [{**QUESTION, "seed": seed} for seed in range(16)])) == [200] * 16
    stats = server.stats()
    assert stats["most_waiting"] == 12
    assert stats["window_s"] >= 4 * 0.05
    assert stats["busy_s"] >= 16 * 0.05 * 0.99
    assert stats["utilisation"] <= 1.0
    assert (stats["busy"], stats["waiting"]) == (0, 0)


def test_a_client_that_goes_frees_its_slot(server: MockServer) -> None:
    server.reset(slots=1, latency_s=60.0)
    assert set(asyncio.run(at_once(server, [{**QUESTION, "seed": seed} for seed in range(3)], timeout_s=0.2))) == {"TimeoutError"}
    assert asyncio.run(_until_idle(server)) == 3
    server.reset(latency_s=0.0)
    chat(server)


async def _until_idle(server: MockServer) -> int:
    """Number of requests that were given up, once no slot is taken any more."""
    async with asyncio.timeout(30):
        while (stats := server.stats())["busy"] or stats["waiting"]:
            await asyncio.sleep(0.01)
    return int(stats["cancelled"])


def test_utilisation_is_busy_time_over_possible_time() -> None:
    now = [0.0]
    slots = Slots(2, lambda: now[0])
    began: list[str] = []
    slots.enter(lambda: began.append("a"))
    now[0] = 1.0
    slots.enter(lambda: began.append("b"))
    slots.enter(lambda: began.append("c"))
    assert (began, slots.waiting) == (["a", "b"], 1)
    now[0] = 2.0
    slots.leave()  # a; c begins
    slots.leave()  # b
    assert began == ["a", "b", "c"]
    now[0] = 4.0
    slots.leave()
    assert slots.figures() == {"busy_s": 1.0 + 2.0 + 2.0, "window_s": 4.0, "utilisation": 5.0 / 8.0}
    slots.restart()
    assert slots.figures()["utilisation"] is None


def test_latencies_scatter_around_their_median() -> None:
    drawn = sorted(Latency(0.05, 0.5).of(str(number).encode()) for number in range(1001))
    assert drawn[500] == pytest.approx(0.05, rel=0.1)
    assert drawn[160] == pytest.approx(0.05 * 2.718281828**-0.5, rel=0.15)
    assert Latency(0.05).of(b"any") == 0.05


@pytest.fixture(scope="module", params=[*COMMON, *HOSTILE])
def failing(request: pytest.FixtureRequest) -> Iterator[tuple[str, MockServer]]:
    with MockServer(faults=Faults(1.0, (request.param,), hang_s=0.5)) as server:
        yield request.param, server


EXPECTED: dict[str, Any] = {
    "429": 429, "429_retry_after": 429, "500": 500, "502": 502, "503": 503, "timeout": "TimeoutError",
    "reset": {"ClientPayloadError", "ClientOSError", "ServerDisconnectedError"}, "truncated": 200, "malformed": 200,
    "no_choices": 200, "other_model": 200, "drip": "TimeoutError", "endless": "TimeoutError", "huge_token": 200,
    "negative_usage": 200, "wrong_indices": 200, "redirect": 307, "echo_key": 401,
}  # fmt: skip


def test_a_fault_is_what_its_name_says(failing: tuple[str, MockServer]) -> None:
    kind, server = failing
    patience_s = 0.2 if EXPECTED.get(kind) == "TimeoutError" else 30.0  # ten million characters take a busy machine a while
    found, headers, body = asyncio.run(_one(server, timeout_s=patience_s))
    expected = EXPECTED.get(kind, {"ClientResponseError", "ServerDisconnectedError", "ClientOSError", "ClientPayloadError"})
    assert found in (expected if isinstance(expected, set) else {expected})
    stats = server.stats()
    assert (stats["faults"], stats["requests"], stats["acknowledged"]) == ({kind: 1}, 1, 0)
    assert ("Retry-After" in headers) == (kind == "429_retry_after")
    if kind in ("truncated", "malformed"):
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            json.loads(body)
    elif kind == "huge_token":
        assert len(body) > 10_000_000
    elif kind == "echo_key":
        assert b"Bearer canary" in body
    elif kind == "redirect":
        assert headers["Location"].startswith("http://localhost:")
    elif found == 200:
        reply = json.loads(body)
        broken = {
            "no_choices": lambda: reply["choices"] == [],
            "other_model": lambda: reply["model"] != "mock",
            "negative_usage": lambda: reply["usage"]["prompt_tokens"] < 0,
            "wrong_indices": lambda: reply["choices"][0]["index"] == 7,
        }
        assert broken[kind]()


async def _one(server: MockServer, timeout_s: float) -> tuple[int | str, Any, bytes]:
    patience = aiohttp.ClientTimeout(total=timeout_s)
    url, headers = f"{server.base_url}/chat/completions", {"Authorization": "Bearer canary"}
    async with aiohttp.ClientSession(timeout=patience) as session:
        try:
            async with session.post(url, json=QUESTION, headers=headers, allow_redirects=False) as response:
                return response.status, response.headers, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__, {}, b""


def test_a_dripping_reply_arrives_if_one_waits(server: MockServer) -> None:
    with MockServer(faults=Faults(1.0, ("drip",), hang_s=0.3)) as dripping:
        dripped, whole = (asyncio.run(_one(one, timeout_s=30.0)) for one in (dripping, server))
        assert (dripped[0], dripped[2]) == (200, whole[2])
        assert dripping.stats()["acknowledged"] == 1


def test_which_attempt_fails_how_is_reproducible() -> None:
    faults = Faults(0.3, seed=4)
    drawn = [faults.draw(str(number).encode(), attempt) for number in range(4000) for attempt in (1, 2)]
    assert drawn == [Faults(0.3, seed=4).draw(str(n).encode(), attempt) for n in range(4000) for attempt in (1, 2)]
    kinds = Counter(drawn)
    assert kinds.pop("") / len(drawn) == pytest.approx(0.7, abs=0.02)
    assert set(kinds) == set(COMMON)
    assert max(kinds.values()) < 1.4 * min(kinds.values())
    assert drawn[::2] != drawn[1::2]
    with pytest.raises(ValueError, match="unknown faults"):
        Faults(0.3, ("nonsense",))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux shows processes as files")
def test_it_ends_with_the_process_that_started_it() -> None:
    starter = (
        "from benchmarks.mock_server import MockServer\n"
        "server = MockServer().__enter__()\nprint(server.pid, flush=True)\nimport os; os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, timeout=60, check=True)
    asyncio.run(_ended(int(done.stdout)))


async def _ended(pid: int) -> None:
    async with asyncio.timeout(30):
        while (status := Path(f"/proc/{pid}/stat")).exists() and status.read_text().rpartition(")")[2].split()[0] != "Z":
            await asyncio.sleep(0.02)
