"""Ways of asking for probabilities: labels, whole options and unfinished sentences."""

from __future__ import annotations

from collections.abc import Sequence

from socsim.inference.types import Segment
from socsim.prompts import fill, one_line, slots_of
from socsim.readouts.orders import NamedOrder
from socsim.readouts.plans import Question, ReadingPlan, label_set, option_lines, tail_of

__all__ = ["CONTENT_FREE", "cloze_plans", "label_plans", "whole_option_plans"]

CONTENT_FREE = {"none": (), "content_free": ("N/A",), "calibrated": ("N/A", "[MASK]", "")}
"""What stands for the item's text in prompts without content (Zhao et al. 2021, "Calibrate Before Use"), by correction."""

_CORRECTED = {
    "none": (),
    "content_free": ("divided by the probabilities without content",),
    "calibrated": ("divided by the mean probabilities of three prompts without content",),
}


def label_plans(question: Question, orders: Sequence[NamedOrder]) -> tuple[ReadingPlan, ...]:
    """A plan for every label set and order: the labels are scored.

    Also stands in for whole options where the engine scores single tokens only; the label set is then letters.
    """
    spec, book = question.spec, question.book
    instead = spec.readout.score == "whole_option"
    words = "\n" + book.label_only if question.cannot_begin and book.label_only else ""
    how = ("the reply could not be begun, so the label alone was asked for",) if question.cannot_begin else ()
    plans = []
    for labels_name in ("letters",) if instead else spec.readout.labels:
        for order_name, order in orders:
            labels = label_set(labels_name, len(order))
            forms = [(form, i) for label, i in zip(labels, order, strict=True) for form in _surface_forms(question, label)]
            lines = option_lines(question, order, labels)
            asked = [fill(book.ask, {"item": text, "options": lines}) + words for text in _texts(question)]
            name = f"{labels_name} (instead of whole options)" if instead else labels_name
            plans.append(_scored(question, order_name, name, forms, asked, how))
    return tuple(plans)


def whole_option_plans(question: Question, orders: Sequence[NamedOrder]) -> tuple[ReadingPlan, ...]:
    """A plan for every order: the options are shown without labels and scored whole."""
    book, options = question.book, question.options
    forms = [(form, i) for i, option in enumerate(options) for form in _surface_forms(question, option)]
    how = ("the reply could not be begun",) if question.cannot_begin else ()
    plans = []
    for order_name, order in orders:
        shown = "\n".join(fill(book.plain_option, {"option": options[index]}) for index in order)
        asked = [fill(book.ask_whole, {"item": text, "options": shown}) for text in _texts(question)]
        plans.append(_scored(question, order_name, "whole option", forms, asked, how))
    return tuple(plans)


def cloze_plans(question: Question) -> tuple[ReadingPlan, ...]:
    """A plan for every sentence frame: the options are scored as its continuations."""
    spec, style = question.spec, question.style
    options = spec.cloze_options or question.options
    plans = []
    for number, frame in enumerate(spec.readout.frames):
        if slots_of(frame) != ("option",):
            raise ValueError(f"frame {frame!r} must have exactly one slot, {{option}}")
        before, after = frame.split("{option}")
        head = one_line(before)
        candidates = tuple(" " + option if head else option for option in options)
        if style == "chat":
            request = fill(question.book.complete, {"sentence": one_line(f"{before}…{after}")})
            tail: tuple[Segment, ...] = (Segment("user", request), Segment("assistant", head))
        else:
            tail = (Segment("user", head),)
        blanks = (tail,) if spec.readout.correction != "none" else ()
        owner, how = tuple(range(len(options))), _transformed(question)
        plans.append(ReadingPlan("sentence", f"frame {number + 1}", style, tail, candidates, owner, blanks, how))
    return tuple(plans)


def _texts(question: Question) -> tuple[str, ...]:
    """The item's text, then what stands in its place without content."""
    return (question.spec.text or "", *CONTENT_FREE[question.spec.readout.correction])


def _transformed(question: Question) -> tuple[str, ...]:
    readout = question.spec.readout
    tempered = (f"temperature {readout.temperature:g}",) if readout.temperature != 1.0 else ()
    return (*_CORRECTED[readout.correction], *tempered)


def _surface_forms(question: Question, text: str) -> tuple[str, ...]:
    """With and without a leading space; only the spaceless one where the reply begins afresh, or after white space."""
    return (text,) if question.cannot_begin or question.prefix[-1:].isspace() else (" " + text, text)


def _scored(
    question: Question, order: str, labels: str, forms: Sequence[tuple[str, int]], asked: Sequence[str], how: tuple[str, ...]
) -> ReadingPlan:
    style, prefix = question.style, question.prefix
    tail, *blanks = (tail_of(style, text, prefix) for text in asked)
    candidates, owner = tuple(form for form, _ in forms), tuple(index for _, index in forms)
    return ReadingPlan(
        order, labels, style, tail, candidates, owner, tuple(blanks), (*how, *_transformed(question)), begun=int(bool(prefix))
    )
