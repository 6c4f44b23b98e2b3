"""The ratio of the layer's speed to vLLM's own, with a double for vLLM: both get the same calls, and a cache emptied before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import vllm_efficiency
from benchmarks.embedded_efficiency import workload
from benchmarks.vllm_efficiency import Prompt, arguments_of, empty_cache, one_repeat, saturation_pass, summary
from socsim import ScriptedEngine
from socsim.errors import Unavailable
from socsim.inference.types import Completion, Request, SamplingParams, TokenPiece, Usage


class LlmDouble:
    """Writes as many tokens as it is asked for, times a factor; empties its cache when asked for the second time."""

    def __init__(self, factor: int = 1, *, refusals: int = 1) -> None:
        self.prompts: list[list[int]] = []
        self.replies: list[int] = []
        self.emptied_before: list[int] = []
        self.factor = factor
        self.refusals = self._left = refusals

    async def generate(self, prompt: Any, params: Any, name: str) -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        ids = prompt["prompt_token_ids"]
        self.prompts.append(ids)
        self.replies.append(params)
        reply = SimpleNamespace(token_ids=[0] * (params * self.factor))
        yield SimpleNamespace(outputs=[reply], prompt_token_ids=ids, num_cached_tokens=1)

    async def reset_prefix_cache(self) -> bool:
        self._left -= 1
        if self._left >= 0:
            return False
        self._left = self.refusals
        self.emptied_before.append(len(self.prompts))
        return True


class EngineDouble(ScriptedEngine):
    """Says which tokens it sent: the length of the prompt's text, and twice that."""

    def __init__(self, llm: LlmDouble) -> None:
        super().__init__()

        async def running() -> LlmDouble:
            return llm

        self.core = SimpleNamespace(running=running)

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        size = len(request.segments[0].text)
        return Completion(
            "yes", "stop", token_ids=(1, 2), pieces=(TokenPiece("", (size,)), TokenPiece("", (2 * size,))), usage=Usage(2, 2, 1)
        )


@pytest.fixture
def plain_params(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of vLLM's parameters, the length of the reply."""
    monkeypatch.setattr(vllm_efficiency, "_params", lambda sampling, reply: reply)


def test_the_loop_sends_what_the_layer_sent_in_both_orders(plain_params: None) -> None:
    llm, requests = LlmDouble(), workload("distinct", 4, 1)
    found = asyncio.run(one_repeat(EngineDouble(llm), requests, sorted_first=True))
    sizes = [len(request.segments[0].text) for request in requests]
    sent = [[size, 2 * size] for size in sizes]
    assert llm.prompts == sorted(sent) + sent
    assert llm.replies == [2] * 8
    assert llm.emptied_before == [0, 0, 4]
    assert found["efficiency"] == pytest.approx(found["saturation_s"] / found["layer_s"])
    assert found["saturation_s"] == min(found["submission_order_s"], found["prefix_order_s"])
    assert found["layer_computed_tokens"] == found["saturation_computed_tokens"] == 4 * (2 - 1 + 2)


def test_replies_of_other_lengths_are_no_comparison(plain_params: None) -> None:
    with pytest.raises(SystemExit, match="lengths"):
        asyncio.run(saturation_pass(EngineDouble(LlmDouble(2)), [Prompt((1, 2), 3)], SamplingParams(), sort=False))


def test_a_cache_that_stays_full_is_no_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        return None

    monkeypatch.setattr(asyncio, "sleep", at_once)
    with pytest.raises(SystemExit, match="prefix cache"):
        asyncio.run(empty_cache(EngineDouble(LlmDouble(refusals=10**6))))


def test_a_failed_call_is_no_measurement(plain_params: None) -> None:
    class Failing(EngineDouble):
        """Answers nothing."""

        async def generate(self, request: Request, *, seed: int = 0) -> Completion:
            raise Unavailable("gone for good")

    async def work() -> None:
        await one_repeat(Failing(LlmDouble()), workload("distinct", 2, 1), sorted_first=False)

    with pytest.MonkeyPatch.context() as patch:

        async def at_once(_: float) -> None:
            return None

        patch.setattr("socsim.inference.retrying.asyncio.sleep", at_once)
        with pytest.raises(SystemExit, match=r"2 calls failed.*gone for good"):
            asyncio.run(work())


def test_the_summary_tells_whether_the_goal_is_reached() -> None:
    def rows(*ratios: float) -> list[dict[str, Any]]:
        cpu = {"layer_cpu_ms_per_call": 2.0, "saturation_cpu_ms_per_call": 1.0}
        return [{"efficiency": ratio, "layer_s": 2.0, **cpu} for ratio in ratios]

    good = summary(rows(0.94, 0.97, 0.98), 1, settled=True, requests=64)
    assert (good["efficiency"], good["goal_reached"], good["agent_steps_per_s"]) == (0.97, True, 32.0)
    assert not summary(rows(0.94, 0.94, 0.94), 1, settled=True, requests=64)["goal_reached"]
    assert not summary(rows(0.85, 0.96, 0.97), 1, settled=True, requests=64)["goal_reached"]


def test_a_model_has_to_be_named() -> None:
    assert arguments_of(["--dummy-8b"]).dummy_8b
    with pytest.raises(SystemExit):
        arguments_of([])
    with pytest.raises(SystemExit):
        arguments_of(["--model", "x", "--dummy-8b"])
