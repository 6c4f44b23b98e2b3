"""Prompts go where their beginnings are; nobody waits for ever, nothing is left behind, whatever fails or is cancelled."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from socsim.errors import Rejected, Unavailable
from socsim.inference import llama_slots
from socsim.inference.llama_slots import SlotPool, Visit
from socsim.inference.token_prompts import Prompt
from socsim.inference.types import TokenPiece

PLENTY = 1_000_000
LONGEST_S = 20.0


@pytest.fixture(autouse=True)
def _settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_slots, "SETTLING_S", 0.0)


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Errors that nobody took notice of are only logged, and only when they are thrown away."""
    yield
    gc.collect()
    assert [*caplog.get_records("call"), *caplog.records] == []


def prompt(*pieces: tuple[str, int], kept: int = 0) -> Prompt:
    """A prompt of named pieces with numbers of tokens; pieces of one name have the same tokens."""
    return Prompt(tuple(TokenPiece(name, tuple(ord(name[0]) * 1000 + i for i in range(n))) for name, n in pieces), kept, None)


class Holder:
    """States in memory. Fails a test where two calls work on one slot, or a state is used that has been dropped."""

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.files: set[str] = set()
        self.calls: list[tuple[Any, ...]] = []
        self.wrong: list[str] = []
        self.fails: dict[str, Exception] = {}
        self.blocks: Callable[[Callable[[], bool]], None] | None = None
        self._lock = threading.Lock()
        self._at_work: Counter[int] = Counter()

    @contextmanager
    def working(self, slot: int, call: tuple[Any, ...]) -> Iterator[None]:
        with self._lock:
            self.calls.append(call)
            self._at_work[slot] += 1
            if self._at_work[slot] > 1:
                self.wrong.append(f"two calls on slot {slot}: {call}")
        try:
            if call[0] in self.fails:
                raise self.fails[call[0]]
            yield
        finally:
            with self._lock:
                self._at_work[slot] -= 1

    def prefill(self, slot: int, ids: list[int], gone: Callable[[], bool]) -> int:
        with self.working(slot, ("prefill", slot, len(ids))):
            if self.blocks is not None:
                self.blocks(gone)
            return len(ids)

    def save_state(self, slot: int, name: str) -> int:
        with self.working(slot, ("save", slot, name)):
            self.files.add(name)
            return self.size

    def restore_state(self, slot: int, name: str) -> None:
        with self.working(slot, ("restore", slot, name)):
            if name not in self.files:
                self.wrong.append(f"{name} is restored and is not there")

    def forget_state(self, name: str) -> None:
        self.files.discard(name)

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [call for call in self.calls if call[0] == name]


class Held:
    """Work that says when it begins and goes on until it is let go; where nobody waits for it any more, it fails."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.slot = -1
        self.ended = False
        self._loop = asyncio.get_running_loop()
        self._go = threading.Event()

    def __call__(self, visit: Visit) -> str:
        self.slot = visit.slot
        self._loop.call_soon_threadsafe(self.begun.set)
        try:
            while not self._go.wait(0.001):
                if visit.is_gone():
                    raise Unavailable("nobody waits any more")
            return "done"
        finally:
            self.ended = True

    def let_go(self) -> None:
        self._go.set()


def run_in(body: Callable[[SlotPool, Holder], Awaitable[Any]], *, slots: int, budget: int = PLENTY, size: int = 10) -> Holder:
    """Run a test in a pool, then close it. Everything has to be free and dropped in the end."""
    holder = Holder(size)
    pool = SlotPool(holder, slots, budget)

    async def main() -> None:
        async with asyncio.timeout(LONGEST_S):
            await body(pool, holder)

    try:
        asyncio.run(main())
    finally:
        pool.close()
    assert holder.wrong == []
    assert holder.files == set()
    return holder


def slot_of(visit: Visit) -> int:
    return visit.slot


async def settled() -> None:
    """Let everything that is due in the loop happen."""
    for _ in range(20):
        await asyncio.sleep(0)


def start(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(work)


def test_a_prompt_goes_to_the_slot_that_holds_most_of_its_beginning() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        first, second = Held(), Held()
        tasks = [start(pool.run(prompt(("a", 40)), first)), start(pool.run(prompt(("b", 40)), second))]
        await asyncio.gather(first.begun.wait(), second.begun.wait())
        first.let_go()
        second.let_go()
        await asyncio.gather(*tasks)
        for _ in range(3):
            assert await pool.run(prompt(("a", 40), ("c", 20)), slot_of) == first.slot
            assert await pool.run(prompt(("b", 40), ("d", 20)), slot_of) == second.slot
        assert await pool.run(prompt(("a", 40), ("c", 20), ("e", 5)), slot_of) == first.slot

    run_in(body, slots=2)


def test_siblings_wait_until_their_beginning_is_computed_and_then_run_side_by_side() -> None:
    together = threading.Barrier(4)

    def meet(visit: Visit) -> int:
        together.wait(LONGEST_S)
        return visit.slot

    async def body(pool: SlotPool, holder: Holder) -> None:
        slots = await asyncio.gather(*(pool.run(prompt(("a", 40), (name, 20)), meet) for name in "wxyz"))
        assert sorted(slots) == [0, 1, 2, 3]

    holder = run_in(body, slots=4)
    assert [call[2] for call in holder.named("prefill")] == [40]
    assert len(holder.named("restore")) == 3


def test_equal_prompts_are_computed_once() -> None:
    together = threading.Barrier(3)

    async def body(pool: SlotPool, holder: Holder) -> None:
        prefilled = await asyncio.gather(
            *(
                pool.run(prompt(("a", 40), ("b", 9)), lambda visit: (together.wait(LONGEST_S), visit.prefilled)[1])
                for _ in range(3)
            )
        )
        assert sorted(prefilled) == [0, 0, 49]

    assert [call[2] for call in run_in(body, slots=3).named("prefill")] == [49]


def test_beginnings_too_short_to_matter_are_not_waited_for() -> None:
    together = threading.Barrier(2)

    async def body(pool: SlotPool, holder: Holder) -> None:
        await asyncio.gather(*(pool.run(prompt(("a", 15), (name, 90)), lambda _: together.wait(LONGEST_S)) for name in "xy"))

    assert run_in(body, slots=2).calls == []


def test_a_system_message_is_kept_once_and_comes_back_into_any_slot() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        for round_ in range(3):
            await pool.run(prompt(("s", 40), ("q", 10 + round_), kept=1), slot_of)
            for other in "xyz":
                await pool.run(prompt((other, 30)), slot_of)

    holder = run_in(body, slots=2)
    assert [call[2] for call in holder.named("prefill")] == [40]
    assert len(holder.named("save")) == 1
    assert len(holder.named("restore")) == 2


def test_old_states_make_room_for_new_ones() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        for name in "abcab":
            await pool.run(prompt((name, 40), ("q", 5), kept=1), slot_of)
            assert len(holder.files) <= 2

    holder = run_in(body, slots=1, budget=25)
    assert len(holder.named("save")) == 5


def test_without_a_budget_nothing_is_kept_and_only_long_beginnings_are_waited_for() -> None:
    together = threading.Barrier(2)

    async def body(pool: SlotPool, holder: Holder) -> None:
        await asyncio.gather(*(pool.run(prompt(("a", 20), (name, 80)), lambda _: together.wait(LONGEST_S)) for name in "xy"))
        held = Held()
        first = start(pool.run(prompt(("c", 80), ("x", 20), kept=1), held))
        second = start(pool.run(prompt(("c", 80), ("y", 20), kept=1), slot_of))
        await held.begun.wait()
        await settled()
        assert not second.done()
        held.let_go()
        await first
        assert await second == held.slot

    assert run_in(body, slots=2, budget=0).calls == []


def test_a_failing_save_turns_keeping_off_and_fails_nobody() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        holder.fails["save"] = Unavailable("no room")
        for name in "abc":
            assert await pool.run(prompt((name, 40), ("q", 5), kept=1), slot_of) in (0, 1)
        await asyncio.gather(*(pool.run(prompt(("d", 40), (name, 20), kept=1), slot_of) for name in "wxyz"))

    assert len(run_in(body, slots=2).named("save")) == 1


def test_a_state_that_cannot_be_restored_is_computed_again() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        system = prompt(("s", 40), ("q", 5), kept=1)
        await pool.run(system, slot_of)
        await pool.run(prompt(("x", 30)), slot_of)
        holder.fails["restore"] = Rejected("invalid state")
        assert await pool.run(system, lambda visit: visit.prefilled) == 40
        del holder.fails["restore"]
        await pool.run(prompt(("x", 30)), slot_of)
        assert await pool.run(system, lambda visit: visit.prefilled) == 0

    assert len(run_in(body, slots=1).named("save")) == 2


def test_what_siblings_share_is_kept_as_soon_as_a_slot_is_idle() -> None:
    together = threading.Barrier(2)

    async def body(pool: SlotPool, holder: Holder) -> None:
        other, first = Held(), Held()
        tasks = [start(pool.run(prompt(("x", 30)), other)), start(pool.run(prompt(("a", 40), ("b", 5)), first))]
        await asyncio.gather(other.begun.wait(), first.begun.wait())
        tasks += [start(pool.run(prompt(("a", 40), (name, 5)), lambda _: together.wait(LONGEST_S))) for name in "cd"]
        other.let_go()
        await tasks[0]
        await settled()
        assert not any(task.done() for task in tasks[2:])
        first.let_go()
        await asyncio.gather(*tasks)

    run_in(body, slots=2)


def test_nobody_is_passed_over_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_slots, "_PATIENCE", 3)
    served: list[str] = []

    async def body(pool: SlotPool, holder: Holder) -> None:
        async def flood() -> None:
            for _ in range(30):
                await pool.run(prompt(("a", 40), ("b", 40)), lambda _: served.append("flood"))

        first = Held()
        task = start(pool.run(prompt(("a", 40), ("b", 40)), first))
        await first.begun.wait()
        outsider = start(pool.run(prompt(("x", 40)), lambda _: served.append("outsider")))
        floods = [start(flood()) for _ in range(3)]
        await settled()
        first.let_go()
        await asyncio.gather(task, outsider, *floods)

    run_in(body, slots=1)
    assert served.index("outsider") <= 5
    assert len(served) == 91


def test_a_prompt_that_waits_can_be_cancelled() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        held = Held()
        first = start(pool.run(prompt(("a", 40)), held))
        await held.begun.wait()
        worked: list[int] = []
        waiting = start(pool.run(prompt(("b", 40)), lambda visit: worked.append(visit.slot)))
        await settled()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        held.let_go()
        assert await first == "done"
        assert await pool.run(prompt(("b", 40)), slot_of) == 0
        assert worked == []

    run_in(body, slots=1)


def test_work_that_is_cancelled_is_told_and_waited_for() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        held = Held()
        task = start(pool.run(prompt(("a", 40)), held))
        await held.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert held.ended
        assert await pool.run(prompt(("a", 40)), slot_of) == 0

    run_in(body, slots=1)


@pytest.mark.parametrize("siblings", [0, 2])
def test_cancelled_while_its_beginning_is_computed_it_never_begins(siblings: int) -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        loop, computing = asyncio.get_running_loop(), asyncio.Event()

        def until_gone(gone: Callable[[], bool]) -> None:
            loop.call_soon_threadsafe(computing.set)
            while not gone():
                pass
            holder.blocks = None

        holder.blocks = until_gone
        worked: list[str] = []
        task = start(pool.run(prompt(("s", 40), ("q", 5), kept=1), lambda _: worked.append("cancelled")))
        others = [start(pool.run(prompt(("s", 40), (name, 5), kept=1), slot_of)) for name in "xy"[:siblings]]
        await computing.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.gather(*others)
        assert await pool.run(prompt(("s", 40), ("q", 5), kept=1), slot_of) in (0, 1)
        assert worked == []

    run_in(body, slots=2)


def test_errors_reach_their_caller_only() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        def fail(visit: Visit) -> None:
            raise ZeroDivisionError("of its own")

        outcomes = await asyncio.gather(
            pool.run(prompt(("a", 40)), fail),
            pool.run(prompt(("b", 40)), slot_of),
            pool.run(prompt(("a", 40)), slot_of),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], ZeroDivisionError)
        assert set(outcomes[1:]) <= {0, 1}

    run_in(body, slots=2)


def test_a_failing_computation_reaches_its_caller_and_frees_the_slot() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        holder.fails["prefill"] = Unavailable("broken")
        with pytest.raises(Unavailable):
            await pool.run(prompt(("s", 40), ("q", 5), kept=1), slot_of)
        holder.fails.clear()
        assert await pool.run(prompt(("s", 40), ("q", 5), kept=1), slot_of) == 0

    run_in(body, slots=1)


def test_a_malformed_prompt_is_an_error_of_its_caller() -> None:
    async def body(pool: SlotPool, holder: Holder) -> None:
        with pytest.raises(IndexError):
            await pool.run(prompt(("a", 4), kept=3), slot_of)
        assert await pool.run(prompt(("a", 4)), slot_of) == 0

    run_in(body, slots=1)


def test_a_loop_that_ends_leaves_no_work_behind() -> None:
    holder, held = Holder(), []

    async def main() -> None:
        pool = SlotPool(holder, 2, PLENTY)
        held.extend([pool, Held(), Held()])
        for name, work in zip("ab", held[1:], strict=True):
            start(pool.run(prompt((name, 40)), work))
            start(pool.run(prompt((name, 40), ("c", 20)), slot_of))
        await asyncio.gather(*(work.begun.wait() for work in held[1:]))

    asyncio.run(main())
    assert all(work.ended for work in held[1:])
    held[0].close()


def test_closing_ends_the_threads_and_drops_all_states() -> None:
    async def main() -> None:
        before = threading.active_count()
        holder = Holder()
        pool = SlotPool(holder, 2, PLENTY)
        await pool.run(prompt(("s", 40), ("q", 5), kept=1), slot_of)
        assert holder.files
        pool.close()
        assert holder.files == set()
        assert threading.active_count() == before

    asyncio.run(main())


@pytest.mark.parametrize("seed", range(6))
def test_everybody_is_served_whatever_fails_or_is_cancelled(seed: int) -> None:
    rng = random.Random(seed)

    async def body(pool: SlotPool, holder: Holder) -> None:
        async def one(number: int) -> None:
            system, middle, end = rng.choice("stuv"), rng.choice("kl"), rng.choice("wxyz")
            pieces = [(system, rng.choice((10, 40))), (middle, 20), (end, rng.randrange(1, 30))][: rng.randrange(1, 4)]
            fate = rng.random()

            def work(visit: Visit) -> int:
                with holder.working(visit.slot, ("work", visit.slot)):
                    if fate < 0.1:
                        raise Unavailable("broken")
                    return number

            task = start(pool.run(prompt(*pieces, kept=rng.choice((0, 1))), work))
            for _ in range(rng.randrange(8)):
                await asyncio.sleep(0)
            if fate > 0.8:
                task.cancel()
            (outcome,) = await asyncio.gather(task, return_exceptions=True)
            assert outcome == number or isinstance(outcome, Unavailable | asyncio.CancelledError)

        for _ in range(6):
            holder.fails = {"restore": Unavailable("gone")} if rng.random() < 0.2 else {}
            await asyncio.gather(*(one(number) for number in range(40)))
        holder.fails = {}
        together = threading.Barrier(3)
        await asyncio.gather(*(pool.run(prompt((name, 40)), lambda _: together.wait(LONGEST_S)) for name in "123"))

    run_in(body, slots=3, budget=45)
