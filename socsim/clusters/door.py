"""The one door between all worlds of a run and its engine, wherever the worlds are: an ordinary client in one process.

So it is on several machines as it is on one: what is asked alike is asked once, whoever asks; limits and caps hold for the whole
run; and a world that is carried out again, because its node was lost, gets the replies that it got before. Nothing here knows
Ray: actors are whatever has ``method.remote(…)`` that can be awaited.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from socsim.clusters.couriers import Courier, Desk
from socsim.errors import Rejected, RunStopped
from socsim.inference.client import ClientStats, InferenceClient
from socsim.inference.flights import Flight
from socsim.inference.types import Capabilities, Completion, DrawKey, Engine, EngineIdentity, Request
from socsim.record.calls import Outcome, PendingCall
from socsim.record.store import RecordStore
from socsim.scenario.engines import InferenceSpec, LimitsSpec
from socsim.session import Session

__all__ = ["Door", "DoorClient", "FarEngine", "HeardClient", "News"]


@dataclass(frozen=True, slots=True)
class News:
    """What has happened at the door."""

    calls: list[PendingCall]
    """Calls that have their outcome and were not written down yet, with those taken from a cache."""
    until: int
    """How many have been told with these, since the door opened."""
    stats: ClientStats
    progress: dict[int, tuple[int, int]]
    """Events done and the step reached, by number of the bundle of worlds."""


class _Telling(RecordStore):
    """A record that also lists what was put into it."""

    def __init__(self, path: Path, *, read_only: bool, cache: RecordStore | None = None) -> None:
        super().__init__(path, read_only=read_only, cache=cache)
        self.new: deque[PendingCall] = deque()
        """Appended to by the session's thread and shortened by the actor's; never replaced, so that none is lost between them."""

    def put_pending(self, call: PendingCall) -> bool:
        is_new = super().put_pending(call)
        if is_new:
            self.new.append(call)
        return is_new


@dataclass(slots=True)
class _Open:
    """What the door has once it is open."""

    session: Session
    engine: Engine
    store: _Telling
    written: int = 0
    progress: dict[int, tuple[int, int]] = field(default_factory=dict)


class Door(Desk):
    """Asks the engine for all worlds; the body of an actor. First it learns, then it opens.

    Its record is a copy that ends with it; the run's own one gets the same calls by `news`.

    Args:
        make: makes the engine, or gives the pool of them.
        spec: the scenario's inference part.
    """

    def __init__(self, make: Callable[[], Engine], spec: InferenceSpec) -> None:
        super().__init__()
        self._make = make
        self._spec = spec
        self._place = tempfile.TemporaryDirectory(prefix="socsim-door-")
        folder = Path(self._place.name)
        self._records = {name: RecordStore.create(folder / f"{name}.sqlite", {}) for name in ("run", "cache")}
        self._open: _Open | None = None

    def learn(self, calls: Sequence[PendingCall], name: str) -> None:
        """Calls of the run so far (``run``), or of the record that it may take replies from (``cache``)."""
        for call in calls:
            self._records[name].put_pending(call)

    def open(self, elapsed_s: float) -> int:
        """Everything is learnt, and calls may come; returns how many are in flight at most.

        Args:
            elapsed_s: time that earlier processes of the run took.
        """
        self._records["run"].close()
        store = _Telling.open(self._records["run"].path, cache=self._records["cache"])
        assert isinstance(store, _Telling)
        engine = self._make()
        session = Session(store, engine, self._spec, elapsed_s)
        self._open = _Open(session, engine, store)
        return session.client.parallel

    async def serve(self, request: Request, draws: Sequence[DrawKey | None], priority: float) -> list[Outcome] | RunStopped:
        """The outcome for each draw of a request; or that a cap on the run is reached."""
        session = self._opened.session
        try:
            return await asyncio.wrap_future(session.loop.start(_all(session.client, request, draws, priority)))
        except RunStopped as stopped:
            return stopped

    async def tell(self, bundle: int, events: int, step: int) -> None:
        """A bundle of worlds says how far it is."""
        self._opened.progress[bundle] = (events, step)

    async def news(self, written: int) -> News:
        """What has happened.

        Args:
            written: how many calls are written down by now, of all that were told since the door opened; the others come again.
        """
        there, new = self._opened, self._opened.store.new
        while there.written < written:
            new.popleft()
            there.written += 1
        calls = [new[at] for at in range(len(new))]
        return News(calls, there.written + len(calls), there.session.client.stats, dict(there.progress))

    async def drain(self) -> None:
        """End calls in flight; where a cap was reached, wait for them, as they are paid for."""
        await asyncio.to_thread(self._opened.session.end_calls)

    def close(self) -> None:
        """End calls in flight and free everything."""
        if self._open is not None:
            self._open.session.close()
            self._open.engine.close()
        self._place.cleanup()

    @property
    def _opened(self) -> _Open:
        assert self._open is not None, "the door is not open yet"
        return self._open


async def _all(client: InferenceClient, request: Request, draws: Sequence[DrawKey | None], priority: float) -> list[Outcome]:
    digest = request.digest()
    return await asyncio.gather(*(client.submit(request, draw, priority=priority, digest=digest) for draw in draws))


class DoorClient(InferenceClient):
    """The client of worlds elsewhere: what they ask goes through the door, where it waits, is limited, capped and tried again.

    Args:
        door: the actor.
        engine: the engine behind it, as it is seen from here.
        record: a record for what these worlds ask; stays open.
        parallel: calls that are in flight behind the door.
    """

    def __init__(self, door: Any, engine: FarEngine, record: RecordStore, parallel: int) -> None:
        super().__init__(engine, record, limits=LimitsSpec(parallel=parallel))
        self._courier = Courier(door)

    async def _attempts(self, flight: Flight) -> tuple[Sequence[Outcome], int]:
        self._flights.close(flight)
        draws = [member.draw for member in flight.sort()]
        answer: list[Outcome] | RunStopped = await self._courier.ask(flight.request, draws, flight.priority)
        if isinstance(answer, RunStopped):
            raise answer
        return answer, 1


class HeardClient(InferenceClient):
    """The client of a run whose calls are made at a door: asks nothing itself, and has the door's figures."""

    def __init__(self, engine: Engine | None, record: RecordStore, parallel: int) -> None:
        super().__init__(engine, record, limits=LimitsSpec(parallel=parallel))
        self.heard = ClientStats()

    @property
    def stats(self) -> ClientStats:
        """Those that were heard last."""
        return self.heard


class FarEngine:
    """An engine as worlds elsewhere see it: who it is and what it can do. Calls go through the door (`DoorClient`)."""

    def __init__(self, identity: EngineIdentity, able: Capabilities) -> None:
        self._identity = identity
        self._able = able

    @property
    def identity(self) -> EngineIdentity:
        """That of the engine behind the door."""
        return self._identity

    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self._able

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Not from here: a call has a draw key, which an engine is not told.

        Raises:
            Rejected: always.
        """
        del request, seed
        raise Rejected("an engine behind a door is asked through it")

    def close(self) -> None:
        """Nothing to close here."""
