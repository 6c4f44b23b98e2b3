"""What is prepared of an item once for all agents: its ways of asking, and the parts that their wording is made of.

A plan knows the wording of the question, not who is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from socsim.inference.manner import Manner
from socsim.inference.types import Segment, Style
from socsim.prompts import PromptBook, fill
from socsim.readouts.orders import NamedOrder, drawn_order
from socsim.scenario.asking import ItemSpec

__all__ = ["PreparedItem", "Question", "ReadingPlan", "label_set", "option_lines", "option_values", "tail_of"]

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """One way of asking: what follows the persona and what was seen, and what counts for which option.

    ``owner[i]`` is the option (index in scale order, non-answers behind) that candidate i stands for, or, where the model writes,
    the option at position i; several candidates of one option are surface forms and are pooled.
    """

    order: str
    labels: str
    style: Style
    tail: tuple[Segment, ...]
    candidates: tuple[str, ...]
    owner: tuple[int, ...]
    blanks: tuple[tuple[Segment, ...], ...] = ()
    """The tail without content, once for every content-free text that a correction needs."""
    how: tuple[str, ...] = ()
    """What is done otherwise than plainly; see `socsim.items.Reading`."""
    constraint: str = ""
    """JSON schema that a written reply is held to, where the engine can."""
    begun: int = 0
    """Segments at the end of the tail that are the beginning of the reply."""
    max_tokens: int = 0
    """Longest reply, where the model writes."""
    stop: tuple[str, ...] = ()
    """Texts that end a written reply."""


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
    """Labels that a written answer may use, by position."""
    arrange: Callable[[NamedOrder], tuple[ReadingPlan, ...]] | None = field(default=None, compare=False)
    """Plans for an order; None unless an order is drawn each time that the item is asked."""

    @property
    def text(self) -> str:
        """The item's wording; empty for a bare sentence completion."""
        return self.spec.text or ""

    def arranged(self, rng: np.random.Generator) -> PreparedItem:
        """The item in an order drawn for this time of asking; itself where its orders are the same each time."""
        return replace(self, plans=self.arrange(drawn_order(self.spec, rng))) if self.arrange is not None else self


@dataclass(frozen=True)
class Question:
    """An item, the wording in force and the engine's manner: what the plans of an item are made from."""

    name: str
    spec: ItemSpec
    book: PromptBook
    manner: Manner

    @property
    def style(self) -> Style:
        """Through the chat template or as bare text."""
        if self.spec.readout.style is not None:
            return self.spec.readout.style
        return "plain" if self.spec.readout.method == "cloze" else self.manner.style

    @property
    def cannot_begin(self) -> bool:
        """Whether the reply ought to begin with given words and the engine cannot go on from them."""
        return bool(self.spec.readout.answer_prefix) and self.style == "chat" and not self.manner.prefill

    @property
    def prefix(self) -> str:
        """The words with which the reply begins."""
        return "" if self.cannot_begin else self.spec.readout.answer_prefix

    @property
    def options(self) -> tuple[str, ...]:
        """Options in scale order, then non-answers."""
        return self.spec.options + self.spec.non_answers


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


def tail_of(style: Style, question: str, prefix: str) -> tuple[Segment, ...]:
    """The question, and the beginning of the reply if there is one."""
    asked = Segment("user", question)
    if not prefix:
        return (asked,)
    return (asked, Segment("assistant", prefix) if style == "chat" else Segment("user", "\n" + prefix))


def option_lines(question: Question, order: Sequence[int], labels: Sequence[str]) -> str:
    """The options in an order, each behind its label; of a scale only the ends where the item says so."""
    spec, book, options = question.spec, question.book, question.options
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
