"""Distributions that the model states: percentages for all options, several answers with probabilities, forecasts for a group."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from socsim.inference.types import Completion, Segment
from socsim.items import ItemFailure, ParseFailure, Reading, Response, invert
from socsim.prompts import PromptBook
from socsim.readouts.answering import closed_response
from socsim.readouts.asking import Calls, Context, ReadoutPolicy, head, text_request
from socsim.readouts.drawing import Draw, Drawn, draw_all
from socsim.readouts.plans import PreparedItem, ReadingPlan
from socsim.readouts.scoring import average
from socsim.readouts.stated import parse_candidates, parse_percentages

__all__ = ["expert_head", "question_head", "read_distribution"]

Stated = tuple[tuple[float, ...], float]
"""Shares of the options in the order shown, and their sum before they were normalised (1 for all)."""


async def read_distribution(
    item: PreparedItem, context: Context, calls: Calls, book: PromptBook, policy: ReadoutPolicy, u: float
) -> Response | ItemFailure:
    """Ask an item by ``verbalized``, ``verbalized_sampling`` or ``expert``: n replies in every order of the options, averaged.

    The answer is drawn from the mean by our own generator. One reply that stays unreadable makes the answer fail.
    """
    plans, draws = [], []
    for plan in item.plans:
        segments = question_head(item, plan, context, book) + plan.tail
        request = text_request(segments, plan.style, policy, plan.max_tokens, plan.stop, plan.constraint)
        for number in range(item.spec.readout.n):
            path = f"{policy.path}/{plan.labels}/{plan.order}/{number}"
            draws.append(Draw(path, request, partial(_read, _reader(item, plan)), plan.begun))
            plans.append(plan)
    drawn = await draw_all(draws, calls, book, policy)
    if isinstance(drawn, tuple):
        return ItemFailure(item.name, item.spec.readout.method, drawn)
    readings = tuple(_reading(plan, one) for plan, one in zip(plans, drawn, strict=True))
    probabilities, mass = average(readings)
    return closed_response(item, probabilities, invert(probabilities, u), mass, u, readings)


def question_head(item: PreparedItem, plan: ReadingPlan, context: Context, book: PromptBook) -> tuple[Segment, ...]:
    """What stands in front of an item's question: a person who answers, or for ``expert`` a group that is spoken of."""
    return (expert_head if item.spec.readout.method == "expert" else head)(book, context, plan.style)


def expert_head(book: PromptBook, context: Context, style: str) -> tuple[Segment, ...]:
    """A neutral system message, then whose answers are forecast: nobody is asked to be that person."""
    group = book.expert_text(context.group, context.own, context.seen)
    if style == "plain":
        text = "\n".join(part.strip() for part in (book.expert_system, group) if part.strip())
        return (Segment("user", text + "\n"),) if text else ()
    system, user = Segment("system", book.expert_system), Segment("user", group)
    return tuple(segment for segment in (system, user) if segment.text.strip())


def _reader(item: PreparedItem, plan: ReadingPlan) -> Callable[[str], Stated | ParseFailure]:
    options = [item.options[index] for index in plan.owner]
    if item.spec.readout.method == "verbalized_sampling":
        return partial(parse_candidates, options=options, labels=item.labels, count=item.spec.readout.answers)
    return partial(_percentages, options=options, labels=item.labels)


def _percentages(text: str, options: list[str], labels: tuple[str, ...]) -> Stated | ParseFailure:
    stated = parse_percentages(text, options, labels)
    return stated if isinstance(stated, ParseFailure) else (stated[0], stated[1] / 100.0)


def _read(parse: Callable[[str], Stated | ParseFailure], reply: Completion) -> Stated | ParseFailure:
    if reply.finish_reason == "length":
        return ParseFailure("cut_off", reply.text, "the reply was longer than allowed")
    return parse(reply.text)


def _reading(plan: ReadingPlan, drawn: Drawn[Stated]) -> Reading:
    shares, total = drawn.value
    probabilities = [0.0] * len(shares)
    for index, share in zip(plan.owner, shares, strict=True):
        probabilities[index] = share
    how = plan.how if total == 1.0 else (*plan.how, f"normalised from a sum of {total:.6g}")
    return Reading(plan.order, plan.labels, tuple(probabilities), min(total, 1.0), how, int(drawn.repaired))
