"""What all worlds of one run share: the event loop, the record, the engine and the client in front of it."""

from __future__ import annotations

from socsim.execution.timing import Clock
from socsim.inference.client import InferenceClient
from socsim.inference.factory import in_batches
from socsim.inference.prices import cost_usd, price_for
from socsim.inference.spending import Spending, Spent
from socsim.inference.types import Engine, LoopBound
from socsim.loop import LoopThread
from socsim.record.store import RecordStore
from socsim.scenario.engines import InferenceSpec

__all__ = ["Session"]


class Session:
    """Open resources of a run. Closes the client, the record and the loop; the engine belongs to who made it.

    With ``engine=None`` every call must be in the record.

    Args:
        store: the run's record.
        engine: who answers what is not in it.
        spec: bounds, caps and batches, as declared.
        elapsed_s: time that earlier processes of the run took.
    """

    def __init__(self, store: RecordStore, engine: Engine | None, spec: InferenceSpec, elapsed_s: float = 0.0) -> None:
        self.store = store
        self.elapsed_s = elapsed_s
        self.engine = in_batches(engine, spec, store) if engine is not None else None
        self.loop = LoopThread()
        self.clock = Clock()
        limits = spec.limits
        if self.engine is not engine and spec.batch is not None:  # a job takes hours, and the provider sees to its own load
            patience = {"timeout_s": 2.0 * spec.batch.window_h * 3600.0, "parallel": spec.batch.most, "adapt": False}
            limits = limits.model_copy(update=patience)
        self._spec = spec
        caps = Spending(spec, Spent.from_totals(store.totals(), elapsed_s)) if engine is not None and _capped(spec) else None
        self.client = InferenceClient(self.engine, store, limits=limits, caps=caps)

    @property
    def usd(self) -> float | None:
        """Money that the whole record stands for, over all processes; None where no price is known."""
        price = price_for(self._spec)
        if price is None:
            return None
        return cost_usd(price, Spent.from_totals(self.store.totals(), 0.0).usage, batch=self._spec.batch is not None)

    def close(self) -> None:
        """End calls in flight, finish what is being written and free everything. Safe to call twice."""
        try:
            self.end_calls()
            self.loop.close()
        finally:
            self.store.close()

    def end_calls(self) -> None:
        """End what is in flight; where a cap was reached, wait for it, as it is paid for."""
        if self.loop.is_open:
            self.loop.run(self._end())

    async def _end(self) -> None:
        await self.client.close()
        if isinstance(self.engine, LoopBound):
            await self.engine.leave()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _capped(spec: InferenceSpec) -> bool:
    return spec.limits.deadline_s is not None or any(value is not None for value in spec.budget.model_dump().values())
