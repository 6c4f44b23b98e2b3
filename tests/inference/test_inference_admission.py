"""Places go by priority and are never lost; a pace is kept."""

from __future__ import annotations

import asyncio

from socsim.inference.admission import Admission, Pace


def test_places_go_by_priority_then_by_arrival() -> None:
    order: list[str] = []

    async def take(admission: Admission, name: str, priority: float) -> None:
        await admission.acquire(priority)
        order.append(name)
        admission.release()

    async def main() -> None:
        admission = Admission(1)
        await admission.acquire()
        names = [("late", 5.0), ("first", 1.0), ("second", 1.0), ("earliest", 0.0)]
        tasks = [asyncio.ensure_future(take(admission, *pair)) for pair in names]
        await asyncio.sleep(0)
        admission.release()
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert order == ["earliest", "first", "second", "late"]


def test_cancelled_waiters_lose_no_place() -> None:
    async def main() -> None:
        admission = Admission(1)
        await admission.acquire()
        waiting = asyncio.ensure_future(admission.acquire())
        handed = asyncio.ensure_future(admission.acquire())
        await asyncio.sleep(0)
        waiting.cancel()
        admission.release()  # to the one that is being cancelled, or to the next
        handed.cancel()
        await asyncio.gather(waiting, handed, return_exceptions=True)
        await asyncio.wait_for(admission.acquire(), 1)

    asyncio.run(main())


def test_pace_spaces_turns_evenly_and_follows_corrections() -> None:
    now = [100.0]
    pace = Pace(60, clock=lambda: now[0])
    assert [pace.reserve() for _ in range(3)] == [0.0, 1.0, 2.0]
    now[0] = 102.5
    assert pace.reserve(10) == 0.5
    pace.correct(-9)
    assert pace.reserve() == 1.5
    now[0] = 200.0
    assert pace.reserve() == 0.0
