"""A real vLLM server over HTTP: the shared suite by messages, by text and by tokens, and whole options scored exactly."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from socsim.inference.http_engine import HttpEngine, make_http_engine
from socsim.inference.types import Request, Segment
from socsim.scenario.engines import InferenceSpec
from tests.inference.conformance import CHECKS, Subject

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]

CONTEXT = 512
START_S = 300.0


@pytest.fixture(scope="module")
def address(model: Path) -> Iterator[str]:
    """What ``vllm serve`` offers, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = {"model": model, "served-model-name": "smol", "host": "127.0.0.1", "port": port, "max-model-len": CONTEXT}
    flags |= {"max-num-seqs": 16, "dtype": "float32"}
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--enforce-eager"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        server = subprocess.Popen([*command, *(str(part) for name, value in flags.items() for part in (f"--{name}", value))])
    try:
        _wait(server, f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(60)


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(1.0)
        else:
            return
    pytest.fail(f"the server does not start (exit code {server.poll()})")


def engine_at(address: str, **endpoint: Any) -> HttpEngine:
    served = {"kind": "vllm", "parallel": 16, "context_tokens": CONTEXT, **endpoint}
    return make_http_engine(
        InferenceSpec.model_validate({"engine": "openai", "model": "smol", "base_url": address, "endpoint": served}), None
    )


@pytest.fixture(scope="module", params=["messages", "text", "tokens"])
def subject(request: pytest.FixtureRequest, address: str, model: Path) -> Iterator[Subject]:
    manners: dict[str, dict[str, str]] = {
        "messages": {},
        "text": {"api": "completions"},
        "tokens": {"api": "completions", "tokenizer": str(model / "tokenizer.json")},
    }
    engine = engine_at(address, **manners[request.param])
    yield Subject(engine, deterministic_scores=0.05, overflows=True)
    engine.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_").replace("_", " "))
def test_the_shared_suite(subject: Subject, check: Callable[[Subject], None]) -> None:
    check(subject)


def test_whole_options_have_the_probabilities_that_the_server_gives_to_their_text(address: str, model: Path) -> None:
    subject = Subject(engine_at(address, api="completions", tokenizer=str(model / "tokenizer.json")))
    asked = "I was asked about services in my village. My answer is:"
    options = (" strongly agree", " agree", " neither agree nor disagree", " 世界")
    found = subject.ask(Request("score", (Segment("user", asked),), "plain", candidates=options))
    for option, value in zip(options, found.logprobs, strict=True):
        assert value == pytest.approx(_of_prompt(address, asked + option) - _of_prompt(address, asked), abs=1e-3)
    subject.engine.close()


def _of_prompt(address: str, text: str) -> float:
    """Log-probability of a text's tokens after the first one, as the server says of a prompt that it repeats."""
    body = {"model": "smol", "prompt": text, "echo": True, "logprobs": 0, "max_tokens": 1}
    call = urllib.request.Request(f"{address}/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(call) as reply:
        content = json.load(reply)
    listed = content["choices"][0]["logprobs"]["token_logprobs"]
    return float(sum(listed[1 : content["usage"]["prompt_tokens"]]))


def test_the_fingerprint_and_the_figures_are_there(address: str) -> None:
    subject = Subject(engine_at(address))
    found = subject.run(lambda engine: engine.fingerprint())  # type: ignore[attr-defined]
    assert found["models"] == "smol"
    assert found["version"]
    assert found["probe"]
    figures = subject.run(lambda engine: engine.server_metrics())  # type: ignore[attr-defined]
    assert figures["prompt_tokens"] > 0
    assert {"running", "waiting", "kv_cache_usage", "preemptions"} <= set(figures)
    subject.engine.close()
