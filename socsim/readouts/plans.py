"""Ways of asking one item: orders of the options, label sets and sentence frames, prepared once for all agents.

Ordered scales are shown in both directions, never in arbitrary permutations; nominal options in a Latin square or in k
random orders. A plan knows the wording of the question, not who is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from socsim.inference.types import Segment, Style
from socsim.prompts import PromptBook, fill, one_line, slots_of
from socsim.scenario.asking import ItemSpec, RandomOrders
from socsim.seeding import stream

__all__ = ["CONTENT_FREE", "PreparedItem", "ReadingPlan", "label_set", "option_orders", "option_values", "prepare_item"]

CONTENT_FREE = "N/A"
"""What stands in place of the item's text in a content-free prompt (Zhao et al. 2021, "Calibrate Before Use")."""

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """One way of asking: what follows the persona and what was seen, and which continuations count for which option.

    ``owner[i]`` is the option (index in scale order, non-answers behind) that candidate i stands for; several candidates
    of one option are surface forms and are pooled.
    """

    order: str
    labels: str
    style: Style
    tail: tuple[Segment, ...]
    candidates: tuple[str, ...]
    owner: tuple[int, ...]
    blank_tail: tuple[Segment, ...] = ()
    """The tail with `CONTENT_FREE` in place of the item's text."""


@dataclass(frozen=True, slots=True)
class PreparedItem:
    """An item with everything that does not depend on the agent."""

    name: str
    spec: ItemSpec
    options: tuple[str, ...]
    """Options in scale order, then non-answers."""
    values: tuple[float, ...] | None
    """Numbers of the options without the non-answers; None for nominal items."""
    plans: tuple[ReadingPlan, ...]
    labels: tuple[str, ...] = ()
    """Labels that a written answer may use (``sample``)."""

    @property
    def text(self) -> str:
        """The item's wording; empty for a bare sentence completion."""
        return self.spec.text or ""


def option_values(spec: ItemSpec) -> tuple[float, ...] | None:
    """Numbers that stand for the options: as declared; the options themselves where all are numbers; else 1, 2, 3 …"""
    if spec.type != "ordinal":
        return None
    if spec.values is not None:
        return spec.values
    try:
        return tuple(float(option) for option in spec.options)
    except ValueError:
        return tuple(float(rank) for rank in range(1, len(spec.options) + 1))


def label_set(name: str, size: int) -> tuple[str, ...]:
    """The first ``size`` labels of a named set: letters A…, lower_letters a…, digits 1…, roman i…"""
    if name == "letters":
        labels = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    elif name == "lower_letters":
        labels = tuple("abcdefghijklmnopqrstuvwxyz")
    elif name == "roman":
        labels = _ROMAN
    else:
        labels = tuple(str(number) for number in range(1, 100))
    if size > len(labels):
        raise ValueError(f"label set {name!r} has {len(labels)} labels, {size} are needed")
    return labels[:size]


def option_orders(spec: ItemSpec, name: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Named orders of the options (non-answers always stay last).

    ``latin_square`` gives the k cyclic rotations: every option stands at every position once. Random orders are drawn from
    a stream named by the item, the same for all agents, arms and replicates.
    """
    k = len(spec.options)
    last = tuple(range(k, k + len(spec.non_answers)))
    forward = tuple(range(k))
    orders = spec.readout.orders
    if orders is None:
        orders = "latin_square" if spec.type == "nominal" else "both_directions"
    if isinstance(orders, RandomOrders):
        rng = stream(0, "option orders", name)
        drawn: dict[tuple[int, ...], None] = {}
        for _ in range(1000):
            drawn[tuple(int(i) for i in rng.permutation(k))] = None
            if len(drawn) == orders.random:
                break
        return tuple((f"random {i}", order + last) for i, order in enumerate(drawn))
    if orders == "latin_square":
        return tuple((f"rotation {r}", tuple(np.roll(forward, -r).tolist()) + last) for r in range(k))
    if orders == "both_directions":
        return ("forward", forward + last), ("backward", forward[::-1] + last)
    return (("forward", forward + last),)


def prepare_item(name: str, spec: ItemSpec, book: PromptBook, default_style: Style) -> PreparedItem:
    """Everything about an item that is the same for all agents.

    Args:
        name: the item's name in the scenario.
        spec: the item, with its text resolved.
        book: the wording in force.
        default_style: ``chat`` where the model has a chat template, else ``plain``.
    """
    options = spec.options + spec.non_answers
    method = spec.readout.method
    plans: tuple[ReadingPlan, ...]
    if method == "cloze":
        plans = _cloze_plans(spec, book)
    elif method == "logprob" and spec.readout.score == "whole_option":
        plans = _whole_option_plans(name, spec, book, default_style)
    elif method == "logprob":
        plans = _label_plans(name, spec, book, default_style)
    else:
        plans = _written_plans(name, spec, book, default_style)
    labels = label_set(spec.readout.labels[0], len(options)) if method == "sample" and options else ()
    return PreparedItem(name, spec, options, option_values(spec), plans, labels)


def _tail(style: Style, question: str, prefix: str) -> tuple[Segment, ...]:
    asked = Segment("user", question)
    if not prefix:
        return (asked,)
    return (asked, Segment("assistant", prefix) if style == "chat" else Segment("user", "\n" + prefix))


def _lines(spec: ItemSpec, book: PromptBook, order: Sequence[int], labels: Sequence[str]) -> str:
    options = spec.options + spec.non_answers
    if spec.end_points_only:
        scale = [i for i in range(len(order)) if order[i] < len(spec.options)]
        ends = {
            "first_label": labels[scale[0]],
            "first": options[order[scale[0]]],
            "last_label": labels[scale[-1]],
            "last": options[order[scale[-1]]],
        }
        rest = [i for i in range(len(order)) if i not in scale]
        others = [fill(book.option, {"label": labels[i], "option": options[order[i]]}) for i in rest]
        return "\n".join([fill(book.scale, ends), *others])
    return "\n".join(
        fill(book.option, {"label": label, "option": options[index]}) for label, index in zip(labels, order, strict=True)
    )


def _surface_forms(text: str, prefix: str) -> tuple[str, ...]:
    """With and without a leading space; only the spaceless one after a prefix that already ends in white space."""
    return (text,) if prefix[-1:].isspace() else (" " + text, text)


def _label_plans(name: str, spec: ItemSpec, book: PromptBook, default_style: Style) -> tuple[ReadingPlan, ...]:
    style = spec.readout.style or default_style
    prefix = spec.readout.answer_prefix
    plans = []
    for labels_name in spec.readout.labels:
        for order_name, order in option_orders(spec, name):
            labels = label_set(labels_name, len(order))
            forms = [(form, index) for label, index in zip(labels, order, strict=True) for form in _surface_forms(label, prefix)]
            options = _lines(spec, book, order, labels)
            tails = [
                _tail(style, fill(book.ask, {"item": text, "options": options}), prefix)
                for text in (spec.text or "", CONTENT_FREE)
            ]
            plans.append(
                ReadingPlan(
                    order_name, labels_name, style, tails[0], tuple(f for f, _ in forms), tuple(i for _, i in forms), tails[1]
                )
            )
    return tuple(plans)


def _whole_option_plans(name: str, spec: ItemSpec, book: PromptBook, default_style: Style) -> tuple[ReadingPlan, ...]:
    style = spec.readout.style or default_style
    prefix = spec.readout.answer_prefix
    options = spec.options + spec.non_answers
    forms = [(form, i) for i, option in enumerate(options) for form in _surface_forms(option, prefix)]
    plans = []
    for order_name, order in option_orders(spec, name):
        shown = "\n".join(fill(book.plain_option, {"option": options[index]}) for index in order)
        tails = [
            _tail(style, fill(book.ask_whole, {"item": text, "options": shown}), prefix)
            for text in (spec.text or "", CONTENT_FREE)
        ]
        candidates, owner = tuple(f for f, _ in forms), tuple(i for _, i in forms)
        plans.append(ReadingPlan(order_name, "whole option", style, tails[0], candidates, owner, tails[1]))
    return tuple(plans)


def _cloze_plans(spec: ItemSpec, book: PromptBook) -> tuple[ReadingPlan, ...]:
    style: Style = spec.readout.style or "plain"
    options = spec.cloze_options or spec.options + spec.non_answers
    plans = []
    for number, frame in enumerate(spec.readout.frames):
        if slots_of(frame) != ("option",):
            raise ValueError(f"frame {frame!r} must have exactly one slot, {{option}}")
        before, after = frame.split("{option}")
        head = one_line(before)
        candidates = tuple(" " + option if head else option for option in options)
        if style == "chat":
            request = fill(book.complete, {"sentence": one_line(f"{before}…{after}")})
            tail: tuple[Segment, ...] = (Segment("user", request), Segment("assistant", head))
        else:
            tail = (Segment("user", head),)
        owner = tuple(range(len(options)))
        plans.append(ReadingPlan("sentence", f"frame {number + 1}", style, tail, candidates, owner, tail))
    return tuple(plans)


def _written_plans(name: str, spec: ItemSpec, book: PromptBook, default_style: Style) -> tuple[ReadingPlan, ...]:
    style = spec.readout.style or default_style
    prefix = spec.readout.answer_prefix
    if spec.type == "number":
        low, high = spec.range or (None, None)
        values = {
            "item": spec.text or "",
            "unit": spec.unit or "",
            "low": "" if low is None else f"{low:g}",
            "high": "" if high is None else f"{high:g}",
        }
        return (ReadingPlan("as written", "none", style, _tail(style, fill(book.ask_open, values), prefix), (), ()),)
    labels_name = spec.readout.labels[0]
    order_name, order = option_orders(spec, name)[0]
    labels = label_set(labels_name, len(order))
    shown = _lines(spec, book, order, labels)
    question = fill(book.ask, {"item": spec.text or "", "options": shown})
    return (ReadingPlan(order_name, labels_name, style, _tail(style, question, prefix), (), order),)
