"""A stand-in for the calls of an event, and a short way to ask one item through it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from socsim.inference.manner import Manner
from socsim.inference.types import CallFailure, Completion, Request, SamplingParams
from socsim.items import ItemFailure, Response
from socsim.prompts import PromptBook
from socsim.readouts import Context, ReadoutPolicy, prepare_item, read_item
from socsim.scenario.asking import ItemSpec, PromptsSpec

__all__ = ["ANN", "BOOK", "CHAT", "POLICY", "SCALE", "Answering", "always", "ask"]

BOOK = PromptBook.from_spec(PromptsSpec())
CHAT = Manner()
POLICY = ReadoutPolicy("m", SamplingParams(), retry=1, path="ask.x")
ANN = Context("You are Ann.", group="name: Ann")
SCALE: Mapping[str, object] = {"type": "ordinal", "text": "Cut?", "options": ["no", "maybe", "yes"]}


class Answering:
    """Calls answered by a function or by given texts; keeps what was asked, batch by batch."""

    def __init__(
        self,
        score: Callable[[Request], Completion | CallFailure] | None = None,
        texts: Sequence[str | Completion | CallFailure] = (),
    ) -> None:
        self._score = score
        self._texts = list(texts)
        self.paths: list[tuple[str, int]] = []
        self.requests: list[Request] = []
        self.batches: list[int] = []

    async def score(self, requests: Sequence[tuple[str, Request]]) -> list[Completion | CallFailure]:
        assert self._score is not None
        self.paths += [(path, 0) for path, _ in requests]
        self.requests += [request for _, request in requests]
        return [self._score(request) for _, request in requests]

    async def draws(self, requests: Sequence[tuple[str, Request, int]]) -> list[Completion | CallFailure]:
        self.paths += [(path, attempt) for path, _, attempt in requests]
        self.requests += [request for _, request, _ in requests]
        self.batches.append(len(requests))
        texts = [self._texts.pop(0) for _ in requests]
        return [Completion(text) if isinstance(text, str) else text for text in texts]


def ask(
    spec: Mapping[str, object],
    calls: Answering,
    u: float = 0.5,
    *,
    manner: Manner = CHAT,
    repair: int = 0,
    seed: int = 0,
    context: Context = ANN,
    book: PromptBook = BOOK,
) -> Response | ItemFailure:
    """Ask an item called x of a person."""
    item = prepare_item("x", ItemSpec.model_validate(spec), book, manner).arranged(np.random.default_rng(seed))
    return asyncio.run(read_item(item, context, calls, book, replace(POLICY, repair=repair), u))


def always(label: str) -> Callable[[Request], Completion]:
    """All probability on one label, wherever its option stands."""

    def score(request: Request) -> Completion:
        return Completion(logprobs=tuple(math.log(0.5) if c.strip() == label else math.log(1e-9) for c in request.candidates))

    return score
