"""Asking one item of one agent, by the declared readout."""

from __future__ import annotations

import math
from collections import Counter

from socsim.inference.types import CallFailure, Completion, Request
from socsim.items import ItemFailure, ParseFailure, Reading, Response, entropy, expected_value, invert
from socsim.parsing import parse_choice, parse_number
from socsim.prompts import PromptBook
from socsim.readouts.asking import Calls, Context, ReadoutPolicy, head
from socsim.readouts.plans import PreparedItem, ReadingPlan
from socsim.readouts.scoring import average, corrected, longer_candidates, pooled

__all__ = ["read_item"]

_BLANK = Context()


async def read_item(
    item: PreparedItem, context: Context, calls: Calls, book: PromptBook, policy: ReadoutPolicy, u: float
) -> Response | ItemFailure:
    """Ask an item and return the answer, or why there is none.

    Args:
        item: the item with its ways of asking.
        context: persona, memory and what was seen, as text.
        calls: makes and records the calls.
        book: the wording in force.
        policy: model, sampling and retries.
        u: the uniform number in [0, 1) that inverts the distribution of scored readouts.
    """
    if item.spec.readout.method == "sample":
        return await _sampled(item, context, calls, book, policy)
    return await _scored(item, context, calls, book, policy, u)


def _score_request(plan: ReadingPlan, context: Context, book: PromptBook, model: str, blank: bool) -> Request:
    tail = plan.blank_tail if blank else plan.tail
    return Request("score", head(book, context, plan.style) + tail, plan.style, None, plan.candidates, model=model)


async def _scored(
    item: PreparedItem, context: Context, calls: Calls, book: PromptBook, policy: ReadoutPolicy, u: float
) -> Response | ItemFailure:
    readout = item.spec.readout
    requests = [
        (f"{policy.path}/{plan.labels}/{plan.order}", _score_request(plan, context, book, policy.model, False))
        for plan in item.plans
    ]
    if readout.correction == "content_free":
        requests += [
            (f"{policy.path}/{plan.labels}/{plan.order}/blank", _score_request(plan, _BLANK, book, policy.model, True))
            for plan in item.plans
        ]
    outcomes = await calls.score(requests)
    readings: list[Reading] = []
    count = len(item.plans)
    for number, plan in enumerate(item.plans):
        blank = outcomes[count + number] if len(outcomes) > count else None
        reading = _reading(plan, outcomes[number], blank, len(item.options))
        if isinstance(reading, ParseFailure):
            return ItemFailure(item.name, readout.method, (reading,))
        readings.append(reading)
    probabilities, mass = average(readings)
    choice = invert(probabilities, u)
    return _response(item, probabilities, choice, mass, u, tuple(readings))


def _reading(
    plan: ReadingPlan, outcome: Completion | CallFailure, blank: Completion | CallFailure | None, size: int
) -> Reading | ParseFailure:
    for one in (outcome, blank):
        if isinstance(one, CallFailure):
            return ParseFailure("call_failed", "", f"{one.kind}: {one.message}")
    assert isinstance(outcome, Completion)
    longer = longer_candidates(plan.candidates)
    probabilities, mass = pooled(outcome.logprobs, plan.owner, size, longer)
    if mass <= 0.0:
        return ParseFailure("no_probability_on_options", "", f"{plan.labels}, {plan.order}")
    if isinstance(blank, Completion):
        without, blank_mass = pooled(blank.logprobs, plan.owner, size, longer)
        if blank_mass <= 0.0 or any(q == 0.0 < p for p, q in zip(probabilities, without, strict=True)):
            return ParseFailure("no_probability_on_options", "", f"content-free prompt, {plan.labels}, {plan.order}")
        probabilities = corrected(probabilities, without)
    return Reading(plan.order, plan.labels, probabilities, mass)


def _response(
    item: PreparedItem,
    probabilities: tuple[float, ...],
    choice: int,
    mass: float,
    u: float | None,
    readings: tuple[Reading, ...],
) -> Response:
    scale = len(item.spec.options)
    answered = choice < scale
    values = item.values
    return Response(
        item=item.name,
        method=item.spec.readout.method,
        probabilities=probabilities,
        choice=choice,
        option=item.options[choice],
        value=values[choice] if values is not None and answered else None,
        expected=expected_value(probabilities, values) if values is not None else None,
        entropy=entropy(probabilities),
        answered=answered,
        mass=mass,
        u=u,
        readings=readings,
    )


async def _sampled(
    item: PreparedItem, context: Context, calls: Calls, book: PromptBook, policy: ReadoutPolicy
) -> Response | ItemFailure:
    (plan,) = item.plans
    segments = head(book, context, plan.style) + plan.tail
    request = Request("text", segments, plan.style, policy.sampling, model=policy.model)
    drawn: list[float] = []
    failures: list[ParseFailure] = []
    for number in range(item.spec.readout.n):
        for attempt in range(policy.retry + 1):
            reply = await calls.draw(f"{policy.path}/{number}", request, attempt)
            parsed = _parse(item, plan, reply)
            if not isinstance(parsed, ParseFailure):
                drawn.append(parsed)
                break
            failures.append(parsed)
            if parsed.reason == "call_failed":
                return ItemFailure(item.name, "sample", tuple(failures))
        else:
            return ItemFailure(item.name, "sample", tuple(failures))
    return _number(item, drawn) if item.spec.type == "number" else _tally(item, [int(d) for d in drawn])


def _parse(item: PreparedItem, plan: ReadingPlan, reply: Completion | CallFailure) -> float | ParseFailure:
    if isinstance(reply, CallFailure):
        return ParseFailure("call_failed", "", f"{reply.kind}: {reply.message}")
    if item.spec.type == "number":
        low, high = item.spec.range or (None, None)
        number = parse_number(reply.text, low, high)
        if reply.finish_reason == "length" and not isinstance(number, ParseFailure) and reply.text.rstrip()[-1:].isdigit():
            return ParseFailure("cut_off", reply.text, "the reply ended inside a number")
        return number
    shown = [item.options[index] for index in plan.owner]
    choice = parse_choice(reply.text, shown, item.labels)
    return choice if isinstance(choice, ParseFailure) else float(plan.owner[choice])


def _tally(item: PreparedItem, drawn: list[int]) -> Response:
    counts = Counter(drawn)
    probabilities = tuple(counts[index] / len(drawn) for index in range(len(item.options)))
    return _response(item, probabilities, drawn[0], 1.0, None, ())


def _number(item: PreparedItem, drawn: list[float]) -> Response:
    mean = math.fsum(drawn) / len(drawn)
    return Response(
        item=item.name, method="sample", probabilities=(), choice=None, option=f"{drawn[0]:g}", value=drawn[0],
        expected=mean, entropy=entropy([c / len(drawn) for c in Counter(drawn).values()]), answered=True, mass=1.0, u=None,
    )  # fmt: skip
