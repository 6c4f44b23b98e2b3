"""The client: nothing is asked twice, equal calls are one, failures are data, and nobody is left hanging."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from socsim.errors import (
    ContextOverflow,
    InferenceError,
    RateLimited,
    RecordError,
    Rejected,
    RunStopped,
    TimedOut,
    Unavailable,
)
from socsim.inference.backlog import Backlog
from socsim.inference.client import InferenceClient, engine_seed
from socsim.inference.flights import Outcome
from socsim.inference.retrying import Backoff
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.types import CallFailure, Capabilities, Completion, DrawKey, Request, SamplingParams, Segment, Usage
from socsim.record.store import RecordStore
from socsim.scenario.engines import LimitsSpec

AT_ONCE = Backoff(base_s=0.0)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[RecordStore]:
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        yield store


def text(content: str = "Well?") -> Request:
    return Request("text", (Segment("user", content),), sampling=SamplingParams())


def score(content: str = "Agree?") -> Request:
    return Request("score", (Segment("user", content),), candidates=(" yes", " no"))


def draw(agent: int = 0, attempt: int = 0) -> DrawKey:
    return DrawKey(20, agent, 0, "say/0", attempt)


class Gate(ScriptedEngine):
    """Answers only once it is opened."""

    def __init__(self, **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]
        self.open = asyncio.Event()
        self.at_work = 0
        self.most = 0
        self.cancelled = 0
        self.order: list[str] = []

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        self.order.append(request.segments[0].text)
        try:
            await self.open.wait()
            return await super().generate(request, seed=seed)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_work -= 1


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Lingering(Gate):
    """Wants a place kept for the next call of the same agent."""

    def __init__(self, linger_s: float) -> None:
        super().__init__()
        self.linger_s = linger_s
        self.open.set()

    def capabilities(self) -> Capabilities:
        return replace(super().capabilities(), linger_s=self.linger_s)


@pytest.mark.parametrize(("linger_s", "order"), [(0.05, ["first", "follow-up", "other"]), (0.0, ["first", "other", "follow-up"])])
def test_a_place_is_kept_for_the_next_call_of_the_same_agent(record: RecordStore, linger_s: float, order: list[str]) -> None:
    engine = Lingering(linger_s)

    async def main() -> None:
        async with InferenceClient(engine, record, limits=LimitsSpec(parallel=1)) as client:

            async def twice() -> None:
                await client.submit(text("first"), draw(), priority=0.0)
                await client.submit(text("follow-up"), draw(), priority=0.0)

            await asyncio.gather(twice(), client.submit(text("other"), draw(1), priority=1.0))

    asyncio.run(main())
    assert engine.order == order


def test_answer_is_recorded_and_never_asked_again(record: RecordStore) -> None:
    engine = ScriptedEngine()

    async def main() -> None:
        async with InferenceClient(engine, record) as client:
            first = await client.submit(text(), draw())
            assert await client.submit(text(), draw()) == first
            assert client.lookup_now(text(), draw()) == first
            assert client.lookup_now(text(), draw(1)) is None
            assert (client.stats.calls, client.stats.deduplicated, client.stats.replayed) == (1, 2, 0)

    asyncio.run(main())
    record.flush()
    with RecordStore.open(record.path, read_only=True) as again:

        async def replay() -> None:
            client = InferenceClient(None, again)
            assert await client.submit(text(), draw()) == record.get(text().digest(), draw().text())
            assert client.stats.replayed == 1

        asyncio.run(replay())
    assert engine.calls == 1


def test_equal_scores_in_flight_are_one_call_whoever_asks(record: RecordStore) -> None:
    async def main() -> None:
        engine = Gate()
        async with InferenceClient(engine, record) as client:
            tasks = [asyncio.ensure_future(client.submit(score(), None)) for _ in range(10)]
            other = asyncio.ensure_future(client.submit(text(), draw()))
            await settle()
            engine.open.set()
            answers = await asyncio.gather(*tasks)
            await other
            assert engine.calls == 2
            assert all(answer is answers[0] for answer in answers)
            assert (client.stats.calls, client.stats.deduplicated) == (2, 9)

    asyncio.run(main())


def test_draws_of_equal_requests_are_different_calls_with_their_own_seeds(record: RecordStore) -> None:
    engine = ScriptedEngine(reply=lambda request, seed: str(seed))

    async def main() -> list[object]:
        async with InferenceClient(engine, record) as client:
            return list(await asyncio.gather(*(client.submit(text(), draw(agent)) for agent in range(5))))

    texts = [answer.text for answer in asyncio.run(main()) if isinstance(answer, Completion)]
    assert texts == [str(engine_seed(draw(agent))) for agent in range(5)]
    assert len(set(texts)) == 5
    assert engine_seed(None) == 0


@pytest.mark.parametrize("parallel", [1, 32])
def test_results_do_not_depend_on_concurrency(tmp_path: Path, parallel: int) -> None:
    def latency(request: Request, seed: int) -> float:
        return (seed % 7) * 1e-4

    async def main(store: RecordStore, limits: LimitsSpec) -> list[object]:
        async with InferenceClient(ScriptedEngine(latency=latency), store, limits=limits) as client:
            texts = [client.submit(text(f"q{agent % 3}"), draw(agent)) for agent in range(60)]
            scores = [client.submit(score(f"q{agent % 5}"), None) for agent in range(60)]
            return list(await asyncio.gather(*texts, *scores))

    with RecordStore.create(tmp_path / "a", {}) as one, RecordStore.create(tmp_path / "b", {}) as two:
        expected = asyncio.run(main(one, LimitsSpec(parallel=7)))
        assert asyncio.run(main(two, LimitsSpec(parallel=parallel))) == expected
        assert [(r.digest, r.draw, r.text, r.logprobs) for r in one.calls()] == [
            (r.digest, r.draw, r.text, r.logprobs) for r in two.calls()
        ]


def test_no_more_calls_than_allowed_are_in_flight(record: RecordStore) -> None:
    async def most(limits: LimitsSpec | None, first: int) -> int:
        engine = Gate(parallel=3)
        async with InferenceClient(engine, record, limits=limits) as client:
            tasks = [asyncio.ensure_future(client.submit(text(), draw(first + agent))) for agent in range(20)]
            await settle()
            engine.open.set()
            await asyncio.gather(*tasks)
        return engine.most

    assert asyncio.run(most(LimitsSpec(parallel=2), 0)) == 2
    assert asyncio.run(most(None, 100)) == 6


def test_urgent_calls_go_first(record: RecordStore) -> None:
    async def main() -> list[str]:
        engine = Gate()
        async with InferenceClient(engine, record, limits=LimitsSpec(parallel=1)) as client:
            tasks = [asyncio.ensure_future(client.submit(text(f"p{p}"), draw(), priority=p)) for p in (0, 3, 2, 1)]
            await settle()
            engine.open.set()
            await asyncio.gather(*tasks)
            return engine.order

    assert asyncio.run(main()) == ["p0", "p1", "p2", "p3"]


def failing(*errors: BaseException | None) -> Callable[[Request, int, int], BaseException | None]:
    return lambda request, seed, attempt: errors[min(attempt, len(errors)) - 1]


def submit_once(record: RecordStore, engine: ScriptedEngine, attempts: int = 3) -> tuple[object, InferenceClient]:
    async def main() -> tuple[object, InferenceClient]:
        async with InferenceClient(engine, record, limits=LimitsSpec(attempts=attempts), backoff=AT_ONCE) as client:
            return await client.submit(text(), draw()), client

    return asyncio.run(main())


@pytest.mark.parametrize("error", [RateLimited("slow down", 0.0), TimedOut("late"), Unavailable("down")])
def test_transient_errors_are_tried_again(record: RecordStore, error: InferenceError) -> None:
    outcome, client = submit_once(record, ScriptedEngine(failure=failing(error, error, None)))
    assert isinstance(outcome, Completion)
    assert (client.stats.attempts, client.stats.failures) == (3, 0)
    record.flush()
    assert [row.attempts for row in record.calls()] == [3]


@pytest.mark.parametrize(
    ("error", "kind", "attempts"),
    [
        (RateLimited("slow down", 0.0), "rate_limited", 3),
        (RateLimited("come back tomorrow", 86400.0), "rate_limited", 1),
        (TimedOut("late"), "timed_out", 3),
        (Unavailable("down"), "unavailable", 3),
        (Rejected("no"), "rejected", 1),
        (ContextOverflow("too long"), "context_overflow", 1),
        (InferenceError("what?"), "bad_reply", 1),
    ],
)
def test_what_stays_without_answer_is_a_recorded_failure(
    record: RecordStore, error: InferenceError, kind: str, attempts: int
) -> None:
    engine = ScriptedEngine(failure=failing(error))
    outcome, client = submit_once(record, engine)
    assert isinstance(outcome, CallFailure)
    assert (outcome.kind, outcome.attempts, engine.calls) == (kind, attempts, attempts)
    assert client.stats.failures == 1
    record.flush()
    with RecordStore.open(record.path, read_only=True) as again:
        assert again.get(text().digest(), draw().text()) == outcome


@pytest.mark.parametrize(
    ("scores", "message"),
    [((-1.0,), "1 log-probabilities for 2"), ((-1.0, float("nan")), "not log-prob"), ((0.5, -1.0), "not log-prob")],
)
def test_scores_of_the_wrong_form_are_a_failure(record: RecordStore, scores: tuple[float, ...], message: str) -> None:
    async def main() -> object:
        async with InferenceClient(ScriptedEngine(scorer=lambda request: scores), record) as client:
            return await client.submit(score(), None)

    outcome = asyncio.run(main())
    assert isinstance(outcome, CallFailure)
    assert outcome.kind == "bad_reply"
    assert message in outcome.message


def test_an_attempt_that_takes_too_long_has_timed_out(record: RecordStore) -> None:
    async def main() -> object:
        engine = Gate()
        limits = LimitsSpec(timeout_s=0.001, attempts=2)
        async with InferenceClient(engine, record, limits=limits, backoff=AT_ONCE) as client:
            outcome = await client.submit(text(), draw())
        assert engine.cancelled == 2
        return outcome

    assert asyncio.run(main()) == CallFailure("timed_out", "no answer within 0.001 s", 2)


@pytest.mark.parametrize("error", [ZeroDivisionError("bug"), TimeoutError("not ours")])
def test_programming_errors_of_an_engine_pass_through_to_everyone(record: RecordStore, error: Exception) -> None:
    async def main() -> None:
        async with InferenceClient(ScriptedEngine(failure=failing(error), latency=0.0), record) as client:
            tasks = [client.submit(text(), draw()) for _ in range(3)]
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert found == [error] * 3
            assert client.lookup_now(text(), draw()) is None
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_cancelling_one_consumer_leaves_the_others_served(record: RecordStore) -> None:
    async def main() -> None:
        engine = Gate()
        async with InferenceClient(engine, record) as client:
            leaver = asyncio.ensure_future(client.submit(score(), None))
            stayer = asyncio.ensure_future(client.submit(score(), None))
            await settle()
            leaver.cancel()
            await settle()
            engine.open.set()
            assert isinstance(await stayer, Completion)
            assert leaver.cancelled()
            assert engine.calls == 1

    asyncio.run(main())


def test_cancelling_the_last_consumer_cancels_the_call_and_frees_its_place(record: RecordStore) -> None:
    async def main() -> None:
        engine = Gate()
        async with InferenceClient(engine, record, limits=LimitsSpec(parallel=1)) as client:
            leaver = asyncio.ensure_future(client.submit(score(), None))
            await settle()
            leaver.cancel()
            again = asyncio.ensure_future(client.submit(score(), None))
            await settle()
            assert engine.cancelled == 1
            engine.open.set()
            assert isinstance(await again, Completion)

    asyncio.run(main())


def test_close_leaves_no_task_behind(record: RecordStore) -> None:
    async def main() -> None:
        client = InferenceClient(Gate(), record)
        waiting = asyncio.ensure_future(client.submit(text(), draw()))
        await settle()
        await client.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_cut_off_calls_are_counted_as_possibly_billed_twice(record: RecordStore) -> None:
    async def main() -> None:
        client = InferenceClient(Gate(), record)
        waiting = [asyncio.ensure_future(client.submit(text(), draw(agent))) for agent in range(3)]
        await settle()
        await client.close()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(main())
    record.close()
    with RecordStore.open(record.path) as again:
        assert InferenceClient(None, again).stats.possibly_billed_twice == 3


def test_replay_names_what_is_missing(record: RecordStore) -> None:
    client = InferenceClient(None, record)
    with pytest.raises(RecordError, match=rf"no reply for request {text().digest()}, draw 20/0/0/say/0/0"):
        asyncio.run(client.submit(text(), draw()))


def test_record_that_cannot_be_written_stops_the_call(record: RecordStore) -> None:
    record.close()
    with pytest.raises(RecordError, match="closed"):
        asyncio.run(_submit(InferenceClient(ScriptedEngine(), record)))


def _submit(client: InferenceClient) -> Awaitable[object]:
    return client.submit(text(), draw())


class Together(Gate):
    """Draws several texts from one prefill."""

    def __init__(self, at_once: int) -> None:
        super().__init__(reply=lambda request, seed: str(seed))
        self.at_once = at_once
        self.prefills: list[int] = []

    def capabilities(self) -> Capabilities:
        return replace(super().capabilities(), samples=self.at_once)

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        self.prefills.append(len(seeds))
        return [await ScriptedEngine.generate(self, request, seed=seed) for seed in seeds]


@pytest.mark.parametrize(("at_once", "prefills"), [(8, [6]), (4, [4, 2]), (1, [])])
def test_draws_of_an_equal_prompt_that_wait_are_one_prefill_and_go_by_draw_key(
    record: RecordStore, at_once: int, prefills: list[int]
) -> None:
    async def main() -> list[Outcome]:
        engine = Together(at_once)
        async with InferenceClient(engine, record, limits=LimitsSpec(parallel=1)) as client:
            busy = asyncio.ensure_future(client.submit(text("other"), draw()))
            await settle()
            order = [3, 0, 5, 1, 4, 2]
            tasks = {agent: asyncio.ensure_future(client.submit(text(), draw(agent))) for agent in order}
            await settle()
            engine.open.set()
            await busy
            await asyncio.gather(*tasks.values())
            assert engine.prefills == prefills
            assert client.stats.sampled_together == sum(count - 1 for count in prefills)
            return [tasks[agent].result() for agent in range(6)]

    found = asyncio.run(main())
    assert [one.text for one in found if isinstance(one, Completion)] == [str(engine_seed(draw(agent))) for agent in range(6)]
    record.flush()
    assert sorted(row.text for row in record.calls() if row.text.isdigit() and row.digest == text().digest()) == sorted(
        one.text for one in found if isinstance(one, Completion)
    )


def test_a_count_of_texts_other_than_asked_for_is_a_bad_reply_for_every_draw(record: RecordStore) -> None:
    class Short(Together):
        async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
            return (await super().sample(request, seeds=seeds))[1:]

    async def main() -> list[Outcome]:
        engine = Short(8)
        engine.open.set()
        async with InferenceClient(engine, record, limits=LimitsSpec(attempts=2), backoff=AT_ONCE) as client:
            return list(await asyncio.gather(*(client.submit(text(), draw(agent)) for agent in range(3))))

    found = asyncio.run(main())
    assert found == [CallFailure("bad_reply", "2 texts came back, 3 were asked for", 2)] * 3
    record.flush()
    assert sum(row.attempts for row in record.calls()) == 2


def test_leaving_one_draw_of_several_leaves_the_others_served(record: RecordStore) -> None:
    async def main() -> None:
        engine = Together(8)
        async with InferenceClient(engine, record, limits=LimitsSpec(parallel=1)) as client:
            busy = asyncio.ensure_future(client.submit(text("other"), draw()))
            await settle()
            tasks = [asyncio.ensure_future(client.submit(text(), draw(agent))) for agent in range(3)]
            await settle()
            tasks[0].cancel()
            engine.open.set()
            await busy
            assert [type(one) for one in await asyncio.gather(*tasks[1:])] == [Completion, Completion]

    asyncio.run(main())


def test_a_busy_engine_gets_fewer_calls_and_later_more_again(record: RecordStore) -> None:
    seen: list[int] = []

    async def main() -> None:
        trouble = {f"q{n}" for n in range(4)}

        def failure(request: Request, seed: int, attempt: int) -> BaseException | None:
            return RateLimited("slow down", 0.0) if request.segments[0].text in trouble and attempt == 1 else None

        engine = ScriptedEngine(failure=failure, latency=0.0)
        async with InferenceClient(engine, record, limits=LimitsSpec(parallel=8), backoff=AT_ONCE) as client:
            await asyncio.gather(*(client.submit(text(f"q{n}"), draw()) for n in range(4)))
            seen.append(client.stats.places)
            for n in range(4, 60):
                await client.submit(text(f"q{n}"), draw())
            seen.append(client.stats.places)
            assert client.stats.retries == 4

    asyncio.run(main())
    assert seen == [4, 8]


def test_limits_may_forbid_adapting(record: RecordStore) -> None:
    async def main() -> None:
        engine = ScriptedEngine(failure=failing(RateLimited("slow down", 0.0), None))
        limits = LimitsSpec(parallel=8, adapt=False)
        async with InferenceClient(engine, record, limits=limits, backoff=AT_ONCE) as client:
            await client.submit(text(), draw())
            assert client.stats.places == 8

    asyncio.run(main())


def test_a_call_that_waits_for_its_next_attempt_holds_no_place(record: RecordStore) -> None:
    async def main() -> None:
        slow = Backoff(base_s=3600.0, longest_s=3600.0)
        engine = ScriptedEngine(failure=lambda request, seed, attempt: Unavailable("down") if seed == one else None)
        async with InferenceClient(engine, record, limits=LimitsSpec(parallel=1), backoff=slow) as client:
            waiting = asyncio.ensure_future(client.submit(text(), draw()))
            await settle()
            assert isinstance(await client.submit(text(), draw(1)), Completion)
            assert not waiting.done()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    one = engine_seed(draw())
    asyncio.run(main())


class Till:
    """Caps that admit so many attempts."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.open: set[int] = set()
        self.used: list[Usage | None] = []
        self.expected: list[tuple[float, float, int]] = []

    def admit(self, prompt_tokens: float, completion_tokens: float, calls: int = 1) -> int:
        if self.left == 0:
            raise RunStopped("inference.budget.calls: that was all")
        self.expected.append((prompt_tokens, completion_tokens, calls))
        self.left -= 1
        self.open.add(self.left)
        return self.left

    def settle(self, number: int, usage: Usage | None) -> None:
        self.open.remove(number)
        self.used.append(usage)


def test_a_cap_stops_a_call_before_the_engine_is_asked(record: RecordStore) -> None:
    async def main() -> None:
        engine, till = ScriptedEngine(reply=["one two three"]), Till(1)
        async with InferenceClient(engine, record, caps=till) as client:
            await client.submit(text(), draw())
            with pytest.raises(RunStopped, match="that was all"):
                await client.submit(text(), draw(1))
        assert engine.calls == 1
        assert till.used == [Usage(1, 3)]
        assert not till.open

    asyncio.run(main())


def test_caps_are_told_tokens_of_the_models_own_tokenizer_where_it_is_at_hand(record: RecordStore) -> None:
    async def main(engine: ScriptedEngine) -> Till:
        till = Till(9)
        async with InferenceClient(engine, record, caps=till) as client:
            await client.submit(text("x" * 77 + str(id(engine))), draw())
        return till

    counting, guessing = (ScriptedEngine(token_ids=own) for own in (True, False))
    length = len("x" * 77 + str(id(counting)))
    assert asyncio.run(main(counting)).expected == [(length, 64, 1)]
    assert asyncio.run(main(guessing)).expected == [(pytest.approx(len("x" * 77 + str(id(guessing))) / 3), 64, 1)]


def test_what_is_in_flight_when_a_cap_is_reached_is_waited_for_and_recorded(record: RecordStore) -> None:
    async def main() -> None:
        engine, till = Gate(), Till(2)
        client = InferenceClient(engine, record, caps=till)
        asked = [asyncio.ensure_future(client.submit(text(), draw(agent))) for agent in range(2)]
        await settle()
        with pytest.raises(RunStopped):
            await client.submit(text(), draw(2))
        for one in asked:
            one.cancel()
        closing = asyncio.ensure_future(client.close())
        await settle()
        engine.open.set()
        await closing
        with pytest.raises(RunStopped):
            await client.submit(text(), draw(3))
        assert (engine.calls, engine.cancelled) == (2, 0)

    asyncio.run(main())
    record.flush()
    assert len(list(record.calls())) == 2


def test_a_backlog_is_described_as_places_come_near(record: RecordStore) -> None:
    described: list[int] = []
    engine = ScriptedEngine(reply=lambda request, seed: request.segments[0].text)

    def describe(number: int) -> tuple[Request, DrawKey]:
        described.append(number)
        return text(f"q{number}"), draw(number)

    async def main() -> dict[int, Outcome]:
        backlog = Backlog()
        for number in range(50):
            backlog.add(-number, lambda number=number: describe(number))  # type: ignore[misc]
        found = {}
        async with InferenceClient(engine, record, limits=LimitsSpec(parallel=2)) as client:
            async for number, outcome in client.answer_all(backlog):
                if not found:
                    assert len(described) <= 4
                found[number] = outcome
        return found

    found = asyncio.run(main())
    assert described == list(range(49, -1, -1))
    assert {n: one.text for n, one in found.items() if isinstance(one, Completion)} == {n: f"q{n}" for n in range(50)}


def test_leaving_a_backlog_cancels_what_is_in_flight(record: RecordStore) -> None:
    async def main() -> None:
        backlog, engine = Backlog(), Gate()
        backlog.add(0.0, lambda: (text(), draw()))
        async with InferenceClient(engine, record) as client:
            answers = client.answer_all(backlog)
            first = asyncio.ensure_future(anext(answers))
            await settle()
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await settle()
            assert engine.cancelled == 1

    asyncio.run(main())


def test_tokens_are_counted(record: RecordStore) -> None:
    outcome, client = submit_once(record, ScriptedEngine(reply=["one two three"]))
    assert isinstance(outcome, Completion)
    assert (client.stats.prompt_tokens, client.stats.completion_tokens) == (1, 3)


def test_a_call_that_is_answered_at_once_makes_no_task(record: RecordStore) -> None:
    engine = ScriptedEngine()

    async def main() -> tuple[Outcome, int]:
        async with InferenceClient(engine, record) as client:
            answer = client.submit(text(), draw())
            with pytest.raises(StopIteration) as ended:
                answer.send(None)
            assert client.stats.in_flight == 0
            return ended.value.value, len(asyncio.all_tasks())

    outcome, tasks = asyncio.run(main())
    assert outcome == record.get(text().digest(), draw().text())
    assert tasks == 1
    assert engine.capabilities().at_once


def test_a_call_that_fails_at_first_is_waited_for_although_its_engine_answers_at_once(record: RecordStore) -> None:
    engine = ScriptedEngine(failure=lambda _request, _seed, attempt: Unavailable("not yet") if attempt < 3 else None)

    async def main() -> list[Outcome]:
        async with InferenceClient(engine, record, limits=LimitsSpec(attempts=3), backoff=AT_ONCE) as client:
            return list(await asyncio.gather(*(client.submit(text(), draw(agent)) for agent in (0, 1, 0))))

    first, other, again = asyncio.run(main())
    assert isinstance(first, Completion)
    assert isinstance(other, Completion)
    assert first == again
    assert engine.calls == 6


def test_an_error_that_is_no_failure_reaches_whoever_asks_an_engine_that_answers_at_once(record: RecordStore) -> None:
    engine = ScriptedEngine(failure=lambda *_: ZeroDivisionError("a bug"))

    async def main() -> None:
        async with InferenceClient(engine, record) as client:
            with pytest.raises(ZeroDivisionError, match="a bug"):
                await client.submit(text(), draw())
            assert client.lookup_now(text(), draw()) is None

    asyncio.run(main())


def test_engines_that_may_wait_do_not_say_that_they_answer_at_once() -> None:
    assert not Gate().capabilities().at_once
    assert not ScriptedEngine(latency=0.0).capabilities().at_once
