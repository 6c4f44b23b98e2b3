"""A real vLLM: the shared suite, scores that other libraries find too, draws that follow them, order, metrics, a whole run."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.embedded_efficiency import workload
from benchmarks.vllm_efficiency import one_repeat
from socsim import run
from socsim.errors import Rejected, Unavailable
from socsim.inference.types import Completion, Request, SamplingParams, Segment
from tests.conftest import debate
from tests.inference.conformance import CHECKS, Subject

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]

QUESTION = "Is the sky blue?\nA. yes\nB. no\nAnswer with the letter."
OPTIONS = (" A", " B", " strongly agree", " strongly disagree", " agree")


def score(*candidates: str, **changes: Any) -> Request:
    segments = (Segment("system", "You are a farmer."), Segment("user", QUESTION), Segment("assistant", "Answer:"))
    return replace(Request("score", segments, candidates=candidates or OPTIONS), **changes)


def text(content: str, **sampling: Any) -> Request:
    return Request("text", (Segment("user", content),), sampling=SamplingParams(**{"max_tokens": 8, **sampling}))


def ids_of(found: Completion) -> list[int]:
    return [token for piece in found.pieces for token in piece.ids]


@pytest.fixture
def subject(engine: Any) -> Subject:
    return Subject(engine, deterministic_scores=1e-3, tells_ids=True, overflows=True)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_").replace("_", " "))
def test_the_shared_suite(subject: Subject, check: Callable[[Subject], None]) -> None:
    check(subject)


def test_scores_are_those_of_the_transformers_library(subject: Subject, reference: Callable[[list[int]], Any]) -> None:
    found = subject.ask(score())
    ids = ids_of(found)
    for candidate, value in zip(found.candidate_ids, found.logprobs, strict=True):
        rows = reference([*ids, *candidate])
        expected = sum(float(rows[len(ids) - 1 + place, token]) for place, token in enumerate(candidate))
        assert value == pytest.approx(expected, abs=2e-3)


def test_scores_are_close_to_those_of_the_embedded_engine(subject: Subject, gguf: Path) -> None:
    """On the same weights. That engine computes with eight bits: differences in the second decimal, more for rare options."""
    from socsim.inference.embedded import EmbeddedEngine

    other = Subject(EmbeddedEngine(gguf, slots=2, context_tokens=256, threads=1))
    requests = [
        score(),
        score(terminators=("", ".")),
        score("ue", "ack", style="plain", segments=(Segment("user", "The sky is bl"),)),
    ]
    for request in requests:
        ours, theirs = subject.ask(request), other.ask(request)
        assert ids_of(ours) == ids_of(theirs)
        assert ours.candidate_ids == theirs.candidate_ids
        for one, two in zip(ours.logprobs, theirs.logprobs, strict=True):
            assert one == pytest.approx(two, abs=0.1 + 0.02 * abs(one))
    other.engine.close()


def test_more_options_than_vllm_lists_at_once_are_all_scored(subject: Subject) -> None:
    candidates = tuple(f" {number}" for number in range(10, 100)) + tuple(
        f" {chr(letter)}{n}" for letter in range(65, 91) for n in range(6)
    )
    found = subject.ask(score(*candidates))
    assert len(found.logprobs) == len(candidates)
    assert math.fsum(map(math.exp, found.logprobs)) <= 1.0


def test_texts_are_drawn_with_the_probabilities_that_are_scored(subject: Subject) -> None:
    draws = 400
    segments = score().segments

    async def draw(engine: Any) -> list[Completion]:
        request = Request("text", segments, sampling=SamplingParams(max_tokens=1))
        parts = [await engine.sample(request, seeds=range(100)) for _ in range(draws // 100)]
        return [one for part in parts for one in part]

    counts = Counter(one.token_ids[0] for one in subject.run(draw))
    scored = subject.ask(score(" A", " B"))
    for candidate, value in zip(scored.candidate_ids, scored.logprobs, strict=True):
        p = math.exp(value)
        assert abs(counts[candidate[0]] / draws - p) < 5 * math.sqrt(p * (1 - p) / draws)


def test_calls_of_lower_priority_wait(subject: Subject) -> None:
    order: list[str] = []

    async def work(engine: Any) -> None:
        async def ask(name: str, priority: float) -> None:
            await engine.generate(text(f"Tell story {name}.", max_tokens=24), priority=priority)
            order.append(name)

        late = [asyncio.ensure_future(ask(f"late {number}", 5.0)) for number in range(64)]
        while not order:
            await asyncio.sleep(0)
        await ask("urgent", -1.5)
        await asyncio.gather(*late)

    subject.run(work)
    assert order.index("urgent") < 48


def test_what_prompts_share_is_computed_once(subject: Subject) -> None:
    persona = "You are a farmer who " + "likes potatoes and " * 60
    requests = [
        replace(text(f"Say {number}."), segments=(Segment("system", persona), Segment("user", str(number)))) for number in "ab"
    ]
    subject.run(lambda engine: engine.core.reset_prefix_cache())
    first, second = (subject.ask(request) for request in requests)
    assert first.usage.cached_tokens == 0
    assert second.usage.cached_tokens >= 128


def test_vllms_own_figures_are_given(subject: Subject) -> None:
    before = subject.run(lambda engine: engine.server_metrics())
    used = subject.ask(text("Well?"))
    after = subject.run(lambda engine: engine.server_metrics())
    assert after["prompt_tokens"] - before["prompt_tokens"] == used.usage.prompt_tokens
    assert {"running", "waiting", "kv_cache_usage", "preemptions"} <= set(after)


def test_what_vllm_does_not_take_is_rejected_by_name(subject: Subject) -> None:
    with pytest.raises(Rejected, match="temperature"):
        subject.ask(text("Well?", temperature=4.0))
    with pytest.raises(Rejected, match="does not take"):
        subject.ask(replace(text("Well?"), constraint='{"type": "no such type"}'))


def test_every_sampling_setting_is_honoured(subject: Subject) -> None:
    greedy = subject.ask(text("Name a colour.", temperature=0.0)).text
    for cut in ({"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}):
        assert subject.ask(text("Name a colour.", **cut)).text == greedy
    repeated = text("Say: go go go go go go go go", temperature=0.0, max_tokens=16)
    assert (
        subject.ask(repeated).text
        != subject.ask(replace(repeated, sampling=SamplingParams(0.0, repetition_penalty=3.0, max_tokens=16))).text
    )


def test_layer_and_bare_loop_answer_the_same_calls(subject: Subject) -> None:
    requests = workload("distinct", 4, 1, reply_tokens=4)
    found = subject.run(lambda engine: one_repeat(engine, requests, sorted_first=True))
    assert found["saturation_computed_tokens"] == pytest.approx(found["layer_computed_tokens"], rel=0.3)
    assert 0 < found["reply_tokens"] <= 16


def test_a_scenario_runs_on_it(engine: Any, tmp_path: Path) -> None:
    scenario = debate(
        population={**debate().population.model_dump(exclude_none=True), "size": 4}, network={"graph": {"complete": {}}}
    )
    done = run(scenario, out=tmp_path / "run", engine=engine)
    assert done.manifest["status"] == "complete"
    assert done.manifest["counts"]["failures"] == 0


def test_an_engine_that_has_died_is_started_again(engine: Any) -> None:
    subject = Subject(engine)
    engine.core._between_starts_s = 0.0

    async def work(engine: Any) -> Completion:
        llm = await engine.core.running()
        begun = asyncio.ensure_future(engine.generate(text("Tell a very long story.", max_tokens=400)))
        while not llm.output_processor.has_unfinished_requests():
            await asyncio.sleep(0.01)
        for process in llm.engine_core.resources.engine_manager.processes:
            process.kill()
        with pytest.raises(Unavailable, match="died"):
            await begun
        return await engine.generate(text("Well?"))

    assert subject.run(work).finish_reason in ("stop", "length")
