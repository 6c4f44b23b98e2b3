"""From the inference part of a scenario to an engine."""

from __future__ import annotations

from pathlib import Path

from socsim.errors import NotYetAvailable, Problem, ScenarioError
from socsim.inference.provider_batch import BatchingEngine, BatchLedger
from socsim.inference.types import Engine
from socsim.scenario.engines import EmbeddedSpec, InferenceSpec

__all__ = ["in_batches", "make_engine"]


def make_engine(spec: InferenceSpec, folder: Path | None = None) -> Engine:
    """Start the engine that a scenario asks for.

    Args:
        spec: the scenario's inference part.
        folder: folder of the scenario, for a relative path to a model file.

    Raises:
        NotYetAvailable: this version does not have the engine.
        ModelFileError: the model is not here.
    """
    if not isinstance(spec.model, str):
        raise NotYetAvailable("not yet available: several models in one run (inference.model)")
    if spec.engine == "scripted":
        from socsim.inference.scripted import ScriptedEngine

        return ScriptedEngine(parallel=spec.limits.parallel or 64)
    if spec.engine == "embedded":
        from socsim.inference.embedded import EmbeddedEngine
        from socsim.models import find_model

        beside = folder / spec.model if folder is not None and spec.model.endswith(".gguf") else None
        path = find_model(str(beside) if beside is not None and beside.is_file() else spec.model)
        served = spec.embedded or EmbeddedSpec()
        return EmbeddedEngine(
            path, model_name=spec.model, slots=served.slots, context_tokens=served.context_tokens, threads=served.threads
        )
    if spec.engine == "openai":
        from socsim.inference.http_engine import make_http_engine

        return make_http_engine(spec, folder)
    if spec.engine == "vllm":
        from socsim.inference.vllm_engine import make_vllm_engine

        return make_vllm_engine(spec, folder)
    from socsim.inference.transformers_engine import make_transformers_engine

    return make_transformers_engine(spec, folder)


def in_batches(engine: Engine, spec: InferenceSpec, ledger: BatchLedger) -> Engine:
    """The engine, behind its provider's batch endpoint where the scenario wants that; a scripted stand-in takes no notice.

    Raises:
        ScenarioError: the engine has no batch endpoint.
    """
    if spec.batch is None or engine.identity.engine == "scripted":
        return engine
    batches = getattr(engine, "batches", None)
    if batches is None:
        fix = "Leave batch out, or write engine: openai with endpoint: {kind: hosted}"
        raise ScenarioError(Problem(f"the engine {engine.identity.engine} has no batch endpoint", "inference.batch", fix=fix))
    return BatchingEngine(engine, batches(spec.batch.window_h), ledger, most=spec.batch.most, poll_s=spec.batch.poll_s)
