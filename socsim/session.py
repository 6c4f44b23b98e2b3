"""What all worlds of one run share: the event loop, the record, the engine and the client in front of it."""

from __future__ import annotations

from socsim.inference.client import InferenceClient
from socsim.inference.types import Engine, LoopBound
from socsim.loop import LoopThread
from socsim.record.store import RecordStore
from socsim.scenario.engines import LimitsSpec

__all__ = ["Session"]


class Session:
    """Open resources of a run. Closes the client, the record and the loop; the engine belongs to who made it.

    With ``engine=None`` every call must be in the record.
    """

    def __init__(self, store: RecordStore, engine: Engine | None, limits: LimitsSpec) -> None:
        self.store = store
        self.engine = engine
        self.loop = LoopThread()
        self.client = InferenceClient(engine, store, limits=limits)

    def close(self) -> None:
        """End calls in flight, finish what is being written and free everything. Safe to call twice."""
        try:
            if self.loop.is_open:
                self.loop.run(self._end())
            self.loop.close()
        finally:
            self.store.close()

    async def _end(self) -> None:
        await self.client.close()
        if isinstance(self.engine, LoopBound):
            await self.engine.leave()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
