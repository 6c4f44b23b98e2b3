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


def run_in_turn(calls: list[tuple[str, float, str, str]], places: int = 1) -> list[str]:
    """The order in which waiting calls (name, priority, kind, prefix) get the one place."""
    order: list[str] = []

    async def take(admission: Admission, name: str, priority: float, kind: str, prefix: str) -> None:
        await admission.acquire(priority, kind=kind, prefix=prefix)
        order.append(name)
        admission.release()

    async def main() -> None:
        admission = Admission(places)
        await admission.acquire()
        tasks = [asyncio.ensure_future(take(admission, *call)) for call in calls]
        await asyncio.sleep(0)
        assert admission.waiting == len(calls)
        admission.release()
        await asyncio.gather(*tasks)
        assert (admission.in_use, admission.waiting) == (0, 0)

    asyncio.run(main())
    return order


def test_among_equals_prompts_that_begin_alike_follow_each_other() -> None:
    calls = [("b1", 0.0, "", "b"), ("a1", 0.0, "", "a"), ("b2", 0.0, "", "b"), ("a2", 0.0, "", "a"), ("first", -1.0, "", "z")]
    assert run_in_turn(calls) == ["first", "a1", "a2", "b1", "b2"]


def test_a_kind_that_waits_is_not_passed_over_for_ever() -> None:
    calls = [(f"text {n}", float(n), "text", "") for n in range(100)] + [("score", 1e9, "score", "")]
    order = run_in_turn(calls)
    assert 0 < order.index("score") <= 32
    assert [name for name in order if name != "score"] == [f"text {n}" for n in range(100)]


def test_places_may_become_fewer_and_more() -> None:
    async def main() -> None:
        admission = Admission(3)
        for _ in range(3):
            await admission.acquire()
        waiting = [asyncio.ensure_future(admission.acquire()) for _ in range(2)]
        await asyncio.sleep(0)
        admission.resize(1)
        admission.release()
        admission.release()
        await asyncio.sleep(0)
        assert (admission.in_use, admission.places, admission.is_free) == (1, 1, False)
        assert not any(one.done() for one in waiting)
        admission.resize(3)
        await asyncio.gather(*waiting)
        assert admission.in_use == 3

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
