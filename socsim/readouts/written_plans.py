"""Ways of asking for what the model writes: an option, percentages, several answers, a number, a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from socsim.prompts import fill
from socsim.readouts.orders import NamedOrder
from socsim.readouts.plans import Question, ReadingPlan, label_set, option_lines, tail_of
from socsim.readouts.structured import canonical_schema

__all__ = ["candidate_plans", "choice_plans", "number_plan", "percent_plans", "text_plan"]

_NOT_BEGUN = "the reply could not be begun, so the label alone was asked for"


def _reply_tokens(question: Question) -> int:
    """The longest reply, in tokens: as declared, or what the form of the reply needs, generously."""
    readout, k = question.spec.readout, len(question.options)
    needs = {"text": 256, "number": 48, "verbalized": 32 + 16 * k, "expert": 32 + 16 * k}
    needs["verbalized_sampling"] = 32 + 40 * readout.answers
    return readout.max_tokens or needs.get(readout.method, 16)


def choice_plans(question: Question, orders: Sequence[NamedOrder]) -> tuple[ReadingPlan, ...]:
    """``sample`` of a closed item: one option is written, by its label."""
    book = question.book
    words = "\n" + book.label_only if question.cannot_begin and book.label_only else ""
    how = (_NOT_BEGUN,) if question.cannot_begin else ()
    plans = []
    for order_name, order in orders:
        labels_name, _, lines = _labelled(question, order)
        asked = fill(book.ask, {"item": question.spec.text or "", "options": lines}) + words
        plans.append(_written(question, order_name, labels_name, order, asked, question.prefix, how=how))
    return tuple(plans)


def number_plan(question: Question) -> ReadingPlan:
    """A number item: ``sample`` reads the one number of a free reply, ``number`` that of a JSON object."""
    spec, book = question.spec, question.book
    low, high = spec.range or (None, None)
    values = {
        "item": spec.text or "",
        "unit": spec.unit or "",
        "low": "" if low is None else f"{low:g}",
        "high": "" if high is None else f"{high:g}",
    }
    if spec.readout.method == "sample":
        how = ("the reply could not be begun",) if question.cannot_begin else ()
        return _written(question, "as written", "none", (), fill(book.ask_open, values), question.prefix, how=how)
    bounds = {name: value for name, value in (("minimum", low), ("maximum", high)) if value is not None and abs(value) < 1e300}
    schema = _object({"number": {"type": "number", **bounds}})
    asked = fill(book.ask_number, values | {"form": '{"number": …}'})
    return _written(question, "as written", "none", (), asked, _json_prefix(question), schema)


def text_plan(question: Question) -> ReadingPlan:
    """A text item."""
    how = ("the reply could not be begun",) if question.cannot_begin else ()
    asked = fill(question.book.ask_text, {"item": question.spec.text or ""})
    return _written(question, "as written", "none", (), asked, question.prefix, how=how)


def percent_plans(question: Question, orders: Sequence[NamedOrder]) -> tuple[ReadingPlan, ...]:
    """``verbalized`` and ``expert``: a percentage for every option."""
    book = question.book
    template = book.ask_expert if question.spec.readout.method == "expert" else book.ask_percent
    plans = []
    for order_name, order in orders:
        labels_name, labels, lines = _labelled(question, order)
        form = "{" + ", ".join(f'"{label}": …' for label in labels) + "}"
        asked = fill(template, {"item": question.spec.text or "", "options": lines, "form": form})
        schema = _object({label: {"type": "integer", "minimum": 0, "maximum": 100} for label in labels})
        plans.append(_written(question, order_name, labels_name, order, asked, _json_prefix(question), schema))
    return tuple(plans)


def candidate_plans(question: Question, orders: Sequence[NamedOrder]) -> tuple[ReadingPlan, ...]:
    """``verbalized_sampling``: several answers, each with its probability."""
    count = question.spec.readout.answers
    plans = []
    for order_name, order in orders:
        labels_name, labels, lines = _labelled(question, order)
        values = {"item": question.spec.text or "", "options": lines, "answers": str(count)}
        form = '{"answers": [{"answer": LABEL, "probability": NUMBER}, …]}'
        asked = fill(question.book.ask_candidates, values | {"form": form})
        one = _object(
            {"answer": {"type": "string", "enum": list(labels)}, "probability": {"type": "number", "minimum": 0, "maximum": 1}}
        )
        schema = _object({"answers": {"type": "array", "items": one, "minItems": count, "maxItems": count}})
        plans.append(_written(question, order_name, labels_name, order, asked, _json_prefix(question), schema))
    return tuple(plans)


def _labelled(question: Question, order: Sequence[int]) -> tuple[str, tuple[str, ...], str]:
    """Name of the label set, its labels, and the options as lines. The model writes with the first set that is declared."""
    name = question.spec.readout.labels[0]
    labels = label_set(name, len(order))
    return name, labels, option_lines(question, order, labels)


def _json_prefix(question: Question) -> str:
    """A reply in JSON is begun only where bare text would not tell that a reply begins."""
    return question.prefix if question.style == "plain" else ""


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}


def _written(
    question: Question,
    order: str,
    labels: str,
    owner: Sequence[int],
    asked: str,
    prefix: str,
    schema: Mapping[str, Any] | None = None,
    how: tuple[str, ...] = (),
) -> ReadingPlan:
    tail = tail_of(question.style, asked, prefix)
    constraint = canonical_schema(schema) if schema is not None and question.manner.constrained else ""
    one_line = question.spec.readout.method == "sample" or (question.spec.type == "text" and question.style == "plain")
    return ReadingPlan(
        order, labels, question.style, tail, (), tuple(owner), (), how, constraint, int(bool(prefix)), _reply_tokens(question),
        ("\n",) if one_line else (),
    )  # fmt: skip
