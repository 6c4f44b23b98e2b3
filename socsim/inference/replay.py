"""An engine that answers from a record alone: no model, no key, no network.

For driving the client, or anything else that asks an engine, with replies that a model once gave. A run is replayed without
it (see `socsim.replaying`): there the record itself is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence

from socsim.errors import (
    BadReply,
    ContentFiltered,
    ContextOverflow,
    InferenceError,
    RateLimited,
    Refused,
    Rejected,
    TimedOut,
    Unavailable,
)
from socsim.inference.client import engine_seed
from socsim.inference.types import CallFailure, Capabilities, Completion, DrawKey, EngineIdentity, FailureKind, Request
from socsim.record.lately import Lately
from socsim.record.store import RecordStore

__all__ = ["ReplayEngine"]

_ERRORS: dict[FailureKind, type[InferenceError]] = {
    "rate_limited": RateLimited,
    "timed_out": TimedOut,
    "unavailable": Unavailable,
    "rejected": Rejected,
    "refused": Refused,
    "content_filter": ContentFiltered,
    "context_overflow": ContextOverflow,
    "bad_reply": BadReply,
}


class ReplayEngine:
    """Gives the recorded reply to a request and a seed, and the recorded failure as the error that it was.

    An engine is told no draw key, so a text is found by the seed that the key gives (`socsim.inference.client.engine_seed`);
    it is the seed that the client hands over.

    Args:
        store: the record; stays open.
        parallel: requests served at once, as told to the client.
    """

    def __init__(self, store: RecordStore, *, parallel: int = 64) -> None:
        self._store = store
        self._parallel = parallel
        self._draws: Lately[str, dict[int, str]] = Lately(8192)

    @property
    def identity(self) -> EngineIdentity:
        """Says that a record answers, not a model; which model it was stands in the run's manifest."""
        return EngineIdentity("replay", self._store.meta("name") or self._store.path.name, version="1")

    def capabilities(self) -> Capabilities:
        """Everything that could have been recorded."""
        return Capabilities(
            chat=True, plain=True, score=True, token_ids=True, parallel=self._parallel, constrained=True, adapters=True
        )

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """The recorded reply.

        Raises:
            Rejected: the record has none; names the request and the seed.
            InferenceError: the recorded failure, as it was.
        """
        digest = request.digest()
        draw = "" if request.kind == "score" else self._draw(digest, seed)
        outcome = None if draw is None else self._store.get(digest, draw)
        if outcome is None:
            which = "" if request.kind == "score" else f" with seed {seed}"
            raise Rejected(f"{self._store.path}: the record has no reply for request {digest}{which}")
        if isinstance(outcome, CallFailure):
            raise _ERRORS[outcome.kind](outcome.message)
        return outcome

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """The recorded replies for several seeds."""
        return [await self.generate(request, seed=seed) for seed in seeds]

    def close(self) -> None:
        """Nothing to close; the record belongs to whoever opened it."""

    def _draw(self, digest: str, seed: int) -> str | None:
        """The draw key under which a text with this seed was recorded."""
        known = self._draws.get(digest)
        if known is None:
            known = {engine_seed(DrawKey.parse(text) if text else None): text for text in self._store.draws(digest)}
            self._draws.put(digest, known)
        return known.get(seed)
