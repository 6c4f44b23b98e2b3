"""What a run will take, before it is paid for: calls, tokens, money and time, each as a range.

The whole simulation is carried out against an engine that only counts (`socsim.inference.dry`): the prompts are the real
ones, the tokenizer is the model's own where it is at hand, and stand-ins take the place of what others will write. Time is
judged from a short probe of a local engine with prompts of this very run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from socsim.forecasting import REPLY_SHARE, Estimate, Probe, count_run, forecast_of
from socsim.inference.dry import DryEngine
from socsim.inference.factory import make_engine
from socsim.inference.manner import manner_of
from socsim.inference.types import Completion, Engine, LoopBound, Request
from socsim.readouts.checking import check_capabilities
from socsim.runner import build_worlds, open_scenario
from socsim.scenario import LoadedScenario, Scenario
from socsim.scenario.engines import InferenceSpec

__all__ = ["estimate"]

_PROBED = 24


def estimate(scenario: Scenario | LoadedScenario | str | Path, *, engine: Engine | None = None, probe: bool = True) -> Estimate:
    """Estimate what a scenario will take.

    Args:
        scenario: a scenario, or the path of a file.
        engine: an engine to use instead of the one that the scenario names; stays open.
        probe: make a few real calls to a local engine, to judge the time. Hosted APIs are never asked.

    Raises:
        ScenarioError: the scenario cannot be run, or not with this engine.
        ModelFileError: the model is not here.
    """
    prepared = open_scenario(scenario)
    spec = prepared.scenario
    own = engine is None
    ready = engine if engine is not None else make_engine(_without_server(spec.inference), prepared.folder)
    try:
        with prepared.placing():
            check_capabilities(spec, ready.capabilities(), ready.identity.engine)
            worlds = build_worlds(spec, prepared.folder, manner_of(ready.capabilities()))
        counted = count_run(spec.inference, worlds, ready, prepared.folder, keep=_PROBED if probe else 0)
        measured = None
        if probe and spec.inference.engine not in ("openai", "scripted") and counted.examples:
            measured = asyncio.run(_probe(ready, counted.examples))
            counted = count_run(spec.inference, worlds, ready, prepared.folder, reply_share=measured.reply_share)
        return forecast_of(spec.inference, counted, measured)
    finally:
        if own:
            ready.close()


def _without_server(spec: InferenceSpec) -> InferenceSpec:
    """The same engine without the wish to reach its server: nothing is sent there."""
    if spec.engine != "openai":
        return spec
    return spec.model_copy(update={"key": None, "env_file": None, "base_url": "http://127.0.0.1:9/v1"})


async def _probe(engine: Engine, examples: Sequence[Request]) -> Probe:
    """Make some of the run's calls, side by side, and see how it goes."""
    chosen = (
        list(examples)[:_PROBED] if len(examples) <= _PROBED else list(examples)[:: max(1, len(examples) // _PROBED)][:_PROBED]
    )
    ideal = DryEngine(engine)
    for request in chosen:
        await ideal.generate(request)
    begun = time.perf_counter()
    found = await asyncio.gather(*(engine.generate(request, seed=n) for n, request in enumerate(chosen)), return_exceptions=True)
    elapsed = time.perf_counter() - begun
    good = [(request, one) for request, one in zip(chosen, found, strict=True) if isinstance(one, Completion)]
    if isinstance(engine, LoopBound):
        await engine.leave()
    prompt = sum(one.usage.prompt_tokens for _, one in good)
    cached = sum(one.usage.cached_tokens for _, one in good)
    written = sum(one.usage.completion_tokens for _, one in good)
    longest = sum(request.sampling.max_tokens for request, _ in good if request.sampling)
    shared = ideal.counts.shared_tokens
    return Probe(
        tokens_per_s=(prompt - cached + written) / elapsed if elapsed > 0 else 0.0,
        reply_share=min(1.0, written / longest) if longest else REPLY_SHARE,
        reused=min(1.0, cached / shared) if shared else 1.0,
        calls=len(good),
        elapsed_s=elapsed,
    )
