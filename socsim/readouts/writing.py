"""What the model writes as its own answer: an option, a number or a free text, drawn n times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from socsim.inference.types import Completion, Request
from socsim.items import ItemFailure, ParseFailure, Reading, Response, entropy
from socsim.parsing import clean_text, parse_choice, parse_number
from socsim.prompts import PromptBook
from socsim.readouts.answering import closed_response
from socsim.readouts.asking import Calls, Context, ReadoutPolicy, head, text_request
from socsim.readouts.drawing import Draw, Drawn, draw_all
from socsim.readouts.plans import PreparedItem, ReadingPlan
from socsim.readouts.stated import parse_json_number

__all__ = ["read_written"]

T = TypeVar("T")
_CUT_OFF = "the reply was longer than allowed"


async def read_written(
    item: PreparedItem, context: Context, calls: Calls, book: PromptBook, policy: ReadoutPolicy
) -> Response | ItemFailure:
    """Ask an item by ``sample``, ``number`` or ``text``. One draw that stays unreadable makes the answer fail."""
    requests = []
    for plan in item.plans:
        segments = head(book, context, plan.style) + plan.tail
        requests.append(text_request(segments, plan.style, policy, plan.max_tokens, plan.stop, plan.constraint))
    if item.spec.type == "text":
        texts = await draw_all(_draws(item, requests, policy, [_read_text]), calls, book, policy)
        return ItemFailure(item.name, item.spec.readout.method, texts) if isinstance(texts, tuple) else _text(item, texts)
    number = item.spec.type == "number"
    readers = [partial(_read_number, item) if number else partial(_read_choice, item, plan) for plan in item.plans]
    drawn = await draw_all(_draws(item, requests, policy, readers), calls, book, policy)
    if isinstance(drawn, tuple):
        return ItemFailure(item.name, item.spec.readout.method, drawn)
    return _number(item, drawn) if number else _tally(item, drawn)


def _draws(
    item: PreparedItem,
    requests: Sequence[Request],
    policy: ReadoutPolicy,
    readers: Sequence[Callable[[Completion], T | ParseFailure]],
) -> list[Draw[T]]:
    """As many as the item wants; they take turns through its plans."""
    plans = list(zip(requests, readers, item.plans, strict=True))
    turns = [plans[number % len(plans)] for number in range(item.spec.readout.n)]
    return [Draw(f"{policy.path}/{number}", request, read, plan.begun) for number, (request, read, plan) in enumerate(turns)]


def _read_choice(item: PreparedItem, plan: ReadingPlan, reply: Completion) -> float | ParseFailure:
    choice = parse_choice(reply.text, [item.options[index] for index in plan.owner], item.labels)
    return choice if isinstance(choice, ParseFailure) else float(plan.owner[choice])


def _read_number(item: PreparedItem, reply: Completion) -> float | ParseFailure:
    low, high = item.spec.range or (None, None)
    cut_off = reply.finish_reason == "length"
    if item.spec.readout.method == "number":
        return ParseFailure("cut_off", reply.text, _CUT_OFF) if cut_off else parse_json_number(reply.text, low, high)
    number = parse_number(reply.text, low, high)
    if cut_off and not isinstance(number, ParseFailure) and reply.text.rstrip()[-1:].isdigit():
        return ParseFailure("cut_off", reply.text, "the reply ended inside a number")
    return number


def _read_text(reply: Completion) -> str | ParseFailure:
    if reply.finish_reason == "length":
        return ParseFailure("cut_off", reply.text, _CUT_OFF)
    text = clean_text(reply.text)
    return text if any(character.isalnum() for character in text) else ParseFailure("empty", reply.text)


def _tally(item: PreparedItem, drawn: Sequence[Drawn[float]]) -> Response:
    chosen = [int(one.value) for one in drawn]
    size = len(item.options)
    readings: list[Reading] = []
    for number, plan in enumerate(item.plans):
        turn = drawn[number :: len(item.plans)]
        if turn and (_worth_noting(plan, turn) or item.spec.readout.orders not in (None, "fixed")):
            shares = _shares([int(one.value) for one in turn], size)
            readings.append(Reading(plan.order, plan.labels, shares, 1.0, plan.how, _repaired(turn)))
    return closed_response(item, _shares(chosen, size), chosen[0], 1.0, None, tuple(readings))


def _shares(chosen: Sequence[int], size: int) -> tuple[float, ...]:
    counts = Counter(chosen)
    return tuple(counts[index] / len(chosen) for index in range(size))


def _number(item: PreparedItem, drawn: Sequence[Drawn[float]]) -> Response:
    values = [one.value for one in drawn]
    mean = math.fsum(values) / len(values)
    return Response(
        item=item.name, method=item.spec.readout.method, probabilities=(), choice=None, option=f"{values[0]:g}",
        value=values[0], expected=mean, entropy=entropy([c / len(values) for c in Counter(values).values()]), answered=True,
        mass=1.0, u=None, readings=_noted(item, drawn),
    )  # fmt: skip


def _text(item: PreparedItem, drawn: Sequence[Drawn[str]]) -> Response:
    return Response(
        item=item.name, method=item.spec.readout.method, probabilities=(), choice=None, option=drawn[0].value, value=None,
        expected=None, entropy=None, answered=True, mass=1.0, u=None, readings=_noted(item, drawn),
        texts=tuple(one.text for one in drawn),
    )  # fmt: skip


def _noted(item: PreparedItem, drawn: Sequence[Drawn[T]]) -> tuple[Reading, ...]:
    """A reading without probabilities where there is something to say of how the replies were had."""
    (plan,) = item.plans
    if not _worth_noting(plan, drawn):
        return ()
    return (Reading(plan.order, plan.labels, (), 1.0, plan.how, _repaired(drawn)),)


def _worth_noting(plan: ReadingPlan, drawn: Sequence[Drawn[T]]) -> bool:
    return bool(plan.how) or _repaired(drawn) > 0


def _repaired(drawn: Sequence[Drawn[T]]) -> int:
    return sum(one.repaired for one in drawn)
