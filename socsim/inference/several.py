"""Several models behind one seam: every request goes to the engine of the model that it names.

People of one world may be answered for by different models. They are all asked in the same manner, so an engine of several can
only do what each of them can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace

from socsim.errors import Rejected
from socsim.inference.fingerprint import Fingerprinted
from socsim.inference.types import (
    Capabilities,
    Completion,
    Engine,
    EngineIdentity,
    LoopBound,
    Measured,
    Prioritising,
    Request,
    Sampler,
    TokenCounter,
)

__all__ = ["SeveralModels"]


class SeveralModels:
    """Engines by the name under which requests ask for a model. Closes them with itself.

    Args:
        engines: the engine of every model; one engine may serve several, such as adapters of one model.
    """

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = dict(engines)
        self._distinct = list({id(engine): engine for engine in self._engines.values()}.values())
        self._able = _in_common([engine.capabilities() for engine in self._distinct])

    @property
    def identity(self) -> EngineIdentity:
        """All models by name, with everything that says which each of them is."""
        names = dict.fromkeys(engine.identity.engine for engine in self._distinct)
        return EngineIdentity(" + ".join(names), " + ".join(self._engines), settings=tuple(self._described()))

    def _described(self) -> Iterable[tuple[str, str]]:
        for name, engine in self._engines.items():
            identity = engine.identity
            for field, value in asdict(replace(identity, settings=())).items():
                if value:
                    yield f"{name}.{field}", str(value)
            yield from ((f"{name}.{field}", value) for field, value in identity.settings)

    def capabilities(self) -> Capabilities:
        """What all of them can do; they serve side by side."""
        return self._able

    def serving(self, request: Request) -> Engine:
        """The engine of the model that a request names; the first where it names none.

        Raises:
            Rejected: there is no such model.
        """
        engine = self._engines.get(request.model) if request.model else self._distinct[0]
        if engine is None:
            raise Rejected(f"there is no model {request.model!r} among {', '.join(self._engines)}")
        return engine

    async def generate(self, request: Request, *, seed: int = 0, priority: float = 0.0) -> Completion:
        """Let the model that is named answer."""
        engine = self.serving(request)
        if self._able.priority:
            assert isinstance(engine, Prioritising)
            return await engine.generate(request, seed=seed, priority=priority)
        return await engine.generate(request, seed=seed)

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """Several texts of the model that is named."""
        engine = self.serving(request)
        assert isinstance(engine, Sampler)
        return await engine.sample(request, seeds=seeds)

    async def count_tokens(self, request: Request) -> int:
        """Tokens of the prompt in the tokenizer of the model that is named."""
        engine = self.serving(request)
        assert isinstance(engine, TokenCounter)
        return await engine.count_tokens(request)

    async def fingerprint(self) -> dict[str, str]:
        """What is found behind the addresses of those models that have one."""
        found: dict[str, str] = {}
        for name, engine in self._by_first_name():
            if isinstance(engine, Fingerprinted):
                found |= {f"{name}: {fact}": value for fact, value in (await engine.fingerprint()).items()}
        return found

    async def server_metrics(self) -> dict[str, float]:
        """Figures of those servers that offer some, by model."""
        found: dict[str, float] = {}
        for name, engine in self._by_first_name():
            if isinstance(engine, Measured):
                found |= {f"{name}: {figure}": value for figure, value in (await engine.server_metrics()).items()}
        return found

    def _by_first_name(self) -> Iterable[tuple[str, Engine]]:
        """Every engine once, by the first of the names that it serves."""
        return ((next(name for name, one in self._engines.items() if one is engine), engine) for engine in self._distinct)

    async def leave(self) -> None:
        """Give up what belongs to this event loop."""
        await asyncio.gather(*(engine.leave() for engine in self._distinct if isinstance(engine, LoopBound)))

    def close(self) -> None:
        """Close all of them, also where one does not close well."""
        with ExitStack() as closing:
            for engine in self._distinct:
                closing.callback(engine.close)


def _in_common(able: Sequence[Capabilities]) -> Capabilities:
    """What every one can do: the least of each number, the sum of the places."""
    first = able[0]
    switches = ("chat", "plain", "score", "token_ids", "whole_options", "prefill", "constrained", "adapters", "steering",
                "embeddings", "priority", "at_once")  # fmt: skip
    return replace(
        first,
        **{name: all(getattr(one, name) for one in able) for name in switches},
        parallel=sum(one.parallel for one in able),
        context_tokens=_least(one.context_tokens for one in able),
        most_candidates=_least(one.most_candidates for one in able),
        linger_s=min(one.linger_s for one in able),
        samples=min(one.samples for one in able),
        sampling=tuple(field for field in first.sampling if all(field in one.sampling for one in able)),
    )


def _least(bounds: Iterable[int]) -> int:
    """The smallest bound, where 0 means that there is none."""
    return min((bound for bound in bounds if bound), default=0)
