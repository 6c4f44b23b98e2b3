"""Readouts: how an answer to an item is read from a model. All closed readouts return one type, `socsim.items.Response`."""

from socsim.readouts.asking import Calls, Context, ReadoutPolicy, head
from socsim.readouts.plans import PreparedItem, ReadingPlan, prepare_item
from socsim.readouts.reading import read_item

__all__ = ["Calls", "Context", "PreparedItem", "ReadingPlan", "ReadoutPolicy", "head", "prepare_item", "read_item"]
