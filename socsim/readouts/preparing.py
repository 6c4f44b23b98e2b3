"""From a declared item to its ways of asking, prepared once for all agents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from socsim.inference.manner import Manner
from socsim.prompts import PromptBook
from socsim.readouts.orders import NamedOrder, is_shuffled, option_orders
from socsim.readouts.plans import PreparedItem, Question, ReadingPlan, label_set, option_values
from socsim.readouts.scored_plans import cloze_plans, label_plans, whole_option_plans
from socsim.readouts.written_plans import candidate_plans, choice_plans, number_plan, percent_plans, text_plan
from socsim.scenario.asking import ItemSpec

__all__ = ["prepare_item"]

_ORDERS_KEPT = 4096


def prepare_item(name: str, spec: ItemSpec, book: PromptBook, manner: Manner) -> PreparedItem:
    """Everything about an item that is the same for all agents.

    Args:
        name: the item's name in the scenario.
        spec: the item, with its text resolved.
        book: the wording in force.
        manner: how the engine is asked.
    """
    question = Question(name, spec, book, manner)
    orders = option_orders(spec, name) if spec.options else ()
    if spec.readout.method == "sample" and spec.readout.orders is None:
        orders = orders[:1]
    plans = _plans(question, orders)
    written = spec.readout.method not in ("logprob", "cloze")
    labels = label_set(spec.readout.labels[0], len(question.options)) if written and spec.options else ()
    arrange = None
    if spec.options and is_shuffled(spec) and spec.readout.method != "cloze":
        arrange = lru_cache(_ORDERS_KEPT)(lambda order: _plans(question, (order,)))
    return PreparedItem(name, spec, question.options, option_values(spec), plans, labels, arrange)


def _plans(question: Question, orders: Sequence[NamedOrder]) -> tuple[ReadingPlan, ...]:
    readout = question.spec.readout
    method = readout.method
    if method == "text" or question.spec.type == "text":
        return (text_plan(question),)
    if question.spec.type == "number":
        return (number_plan(question),)
    if method == "cloze":
        return cloze_plans(question)
    if method == "logprob":
        whole = readout.score == "whole_option" and question.manner.whole_options
        return whole_option_plans(question, orders) if whole else label_plans(question, orders)
    if method == "sample":
        return choice_plans(question, orders)
    return candidate_plans(question, orders) if method == "verbalized_sampling" else percent_plans(question, orders)
