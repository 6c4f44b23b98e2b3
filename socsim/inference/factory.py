"""From the inference part of a scenario to an engine."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from socsim.errors import Problem, ScenarioError
from socsim.inference.provider_batch import BatchingEngine, BatchLedger
from socsim.inference.types import Adapting, Engine
from socsim.scenario.engines import EmbeddedSpec, InferenceSpec, VllmSpec

__all__ = ["in_batches", "make_engine"]


def make_engine(spec: InferenceSpec, folder: Path | None = None) -> Engine:
    """Start the engine that a scenario asks for.

    Args:
        spec: the scenario's inference part.
        folder: folder of the scenario, for a relative path to a model file.

    Raises:
        ModelFileError: the model is not here.
    """
    if not isinstance(spec.model, str):
        return _several(spec, folder)
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


def _several(spec: InferenceSpec, folder: Path | None) -> Engine:
    """The engines of all models; those that differ in their adapter only share one."""
    from socsim.inference.several import SeveralModels

    shared: dict[str, Engine] = {}
    found: dict[str, Engine] = {}
    alone = spec.models
    adapters = len({one.adapter for one in alone.values()} - {None})
    with ExitStack() as closing:
        for name, one in alone.items():
            key = one.model_copy(update={"adapter": None}).model_dump_json()
            if key not in shared:
                shared[key] = make_engine(_with_room(one, adapters), folder)
                closing.callback(shared[key].close)
            elif one.adapter is not None and isinstance(other := shared[key], Adapting):
                other.load_adapter(one.adapter, folder)
            found[name] = shared[key]
            if one.adapter is not None and not found[name].capabilities().adapters and one.engine != "scripted":
                message = f"the {one.engine} engine has no adapters (model {name!r})"
                raise ScenarioError(Problem(message, "inference.model", fix="Leave `adapter` out, or give another `engine`"))
        closing.pop_all()  # all are there, and are closed by the engine of all
    return SeveralModels(found)


def _with_room(spec: InferenceSpec, adapters: int) -> InferenceSpec:
    """The settings with room for so many adapters side by side, where the engine must be told."""
    if spec.engine != "vllm" or adapters < 2:
        return spec
    settings = spec.vllm or VllmSpec()
    most = max(settings.max_loras, adapters)
    return spec.model_copy(update={"vllm": settings.model_copy(update={"max_loras": most})})


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
