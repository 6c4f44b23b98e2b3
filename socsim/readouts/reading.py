"""Asking one item of one agent, by the declared readout."""

from __future__ import annotations

from collections.abc import Sequence

from socsim.inference.types import CallFailure, Completion, Request, Segment
from socsim.items import ItemFailure, ParseFailure, Reading, Response, invert
from socsim.prompts import PromptBook
from socsim.readouts.answering import closed_response
from socsim.readouts.asking import Calls, Context, ReadoutPolicy, head
from socsim.readouts.distributions import read_distribution
from socsim.readouts.drawing import call_failed
from socsim.readouts.plans import PreparedItem, ReadingPlan
from socsim.readouts.scoring import average, corrected, longer_candidates, mean_of, pooled, tempered
from socsim.readouts.writing import read_written

__all__ = ["read_item"]

_BLANK = Context()


async def read_item(
    item: PreparedItem, context: Context, calls: Calls, book: PromptBook, policy: ReadoutPolicy, u: float
) -> Response | ItemFailure:
    """Ask an item and return the answer, or why there is none.

    Args:
        item: the item with its ways of asking, in the order drawn for this time where one is drawn.
        context: persona, memory and what was seen, as text.
        calls: makes and records the calls.
        book: the wording in force.
        policy: model, sampling, retries and repairs.
        u: the uniform number in [0, 1) that inverts a distribution which the model does not draw from itself.
    """
    method = item.spec.readout.method
    if method in ("sample", "number", "text"):
        return await read_written(item, context, calls, book, policy)
    if method in ("verbalized", "verbalized_sampling", "expert"):
        return await read_distribution(item, context, calls, book, policy, u)
    return await _scored(item, context, calls, book, policy, u)


async def _scored(
    item: PreparedItem, context: Context, calls: Calls, book: PromptBook, policy: ReadoutPolicy, u: float
) -> Response | ItemFailure:
    outcomes = await calls.score(_requests(item, context, book, policy))
    count, blanks = len(item.plans), len(item.plans[0].blanks)
    readings: list[Reading] = []
    for number, plan in enumerate(item.plans):
        own = outcomes[count + number * blanks : count + (number + 1) * blanks]
        reading = _reading(plan, outcomes[number], own, len(item.options), item.spec.readout.temperature)
        if isinstance(reading, ParseFailure):
            return ItemFailure(item.name, item.spec.readout.method, (reading,))
        readings.append(reading)
    probabilities, mass = average(readings)
    return closed_response(item, probabilities, invert(probabilities, u), mass, u, tuple(readings))


def _requests(item: PreparedItem, context: Context, book: PromptBook, policy: ReadoutPolicy) -> list[tuple[str, Request]]:
    """One for every plan, then those without content, plan by plan; the latter are the same for everybody."""
    if not item.spec.readout.persona_in_frame:
        context = _BLANK
    paths = [f"{policy.path}/{plan.labels}/{plan.order}" for plan in item.plans]
    requests = [(path, _request(plan, context, plan.tail, book, policy)) for path, plan in zip(paths, item.plans, strict=True)]
    for path, plan in zip(paths, item.plans, strict=True):
        for number, tail in enumerate(plan.blanks):
            name = "blank" if number == 0 else f"blank {number + 1}"
            requests.append((f"{path}/{name}", _request(plan, _BLANK, tail, book, policy)))
    return requests


def _request(plan: ReadingPlan, context: Context, tail: tuple[Segment, ...], book: PromptBook, policy: ReadoutPolicy) -> Request:
    segments = head(book, context, plan.style) + tail
    return Request("score", segments, plan.style, None, plan.candidates, model=policy.model, adapter=policy.adapter)


def _reading(
    plan: ReadingPlan,
    outcome: Completion | CallFailure,
    blanks: Sequence[Completion | CallFailure],
    size: int,
    temperature: float,
) -> Reading | ParseFailure:
    for one in (outcome, *blanks):
        if isinstance(one, CallFailure):
            return call_failed(one)
    assert isinstance(outcome, Completion)
    longer = longer_candidates(plan.candidates)
    probabilities, mass = pooled(outcome.logprobs, plan.owner, size, longer)
    if mass <= 0.0:
        return ParseFailure("no_probability_on_options", "", f"{plan.labels}, {plan.order}")
    without = [pooled(blank.logprobs, plan.owner, size, longer) for blank in blanks if isinstance(blank, Completion)]
    if without:
        mean = mean_of([distribution for distribution, _ in without])
        impossible = any(q == 0.0 < p for p, q in zip(probabilities, mean, strict=True))
        if impossible or any(blank_mass <= 0.0 for _, blank_mass in without):
            return ParseFailure("no_probability_on_options", "", f"content-free prompt, {plan.labels}, {plan.order}")
        probabilities = corrected(probabilities, mean)
    return Reading(plan.order, plan.labels, tempered(probabilities, temperature), mass, plan.how)
