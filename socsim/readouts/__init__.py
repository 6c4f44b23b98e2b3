"""Readouts: how an answer to an item is read from a model. All readouts return one type, `socsim.items.Response`."""

from socsim.readouts.answering import closed_response
from socsim.readouts.asking import Calls, Context, ReadoutPolicy, head
from socsim.readouts.distributions import question_head
from socsim.readouts.plans import PreparedItem, ReadingPlan
from socsim.readouts.preparing import prepare_item
from socsim.readouts.reading import read_item
from socsim.readouts.structured import read_as

__all__ = [
    "Calls",
    "Context",
    "PreparedItem",
    "ReadingPlan",
    "ReadoutPolicy",
    "closed_response",
    "head",
    "prepare_item",
    "question_head",
    "read_as",
    "read_item",
]
