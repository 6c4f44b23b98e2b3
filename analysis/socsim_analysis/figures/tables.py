"""Tidy tables that figures are drawn from: their columns, what they mean, and what may be missing.

Where a design of studies has such a table already, figures take that: `socsim_analysis.designs.response_curve.SEEN_CHOICES` for
response curves. Further columns are dropped by `Table.check`, which every figure begins with.
"""

from __future__ import annotations

from socsim_analysis.designs.tables import Column, Table

__all__ = ["ADOPTERS", "CONVERGENCE", "DENSITIES", "EFFECTS", "HISTOGRAMS", "OPINIONS", "PLACES", "TIES"]

_ARM = Column("arm", "label", "the arm of the run, or the condition")
_REPLICATE = Column("replicate", "whole", "the world within the arm", low=0)
_STEP = Column("step", "whole", "the step, from 0", low=0)

OPINIONS = Table(
    "opinions",
    "one answer of a person",
    (
        _ARM,
        _REPLICATE,
        _STEP,
        Column("person", "label", "who answers; the same name within a world is the same person"),
        Column("opinion", "number", "the answer, on the item's scale; missing without an answer", gaps=True),
    ),
    key=("arm", "replicate", "step", "person"),
)

CONVERGENCE = Table(
    "convergence",
    "one world at a step",
    (
        _ARM,
        _REPLICATE,
        _STEP,
        Column("n", "whole", "people who answered at the first step and at this one", low=0),
        Column("ratio", "number", "share of the first variance that went; missing where there was none", high=1, gaps=True),
    ),
    key=("arm", "replicate", "step"),
)

DENSITIES = Table(
    "joint densities",
    "one cell of the grid of own opinion and mean opinion of those read",
    (
        _ARM,
        _STEP,
        Column("own", "number", "middle of the cell: own opinion"),
        Column("read", "number", "middle of the cell: mean opinion of those read"),
        Column("people", "number", "people in the cell", low=0),
        Column("n", "whole", "people in all cells: those with an opinion who read somebody with one", low=0),
        Column("correlation", "number", "of the two over these people; missing where either does not differ", -1, 1, gaps=True),
    ),
    key=("arm", "step", "own", "read"),
)

PLACES = Table(
    "people of a network",
    "one person at a step",
    (
        _STEP,
        Column("person", "whole", "number of the person", low=0),
        Column("x", "number", "place in the drawing"),
        Column("y", "number", "place in the drawing"),
        Column("opinion", "number", "what the person is coloured by; missing without an answer", gaps=True),
        Column("text", "label", "what is told of the person under the pointer", optional=True),
    ),
    key=("step", "person"),
)

TIES = Table(
    "ties",
    "one tie",
    (
        Column("author", "whole", "whose texts or answers are read", low=0),
        Column("reader", "whole", "who reads them", low=0),
    ),
)

HISTOGRAMS = Table(
    "histograms",
    "one bar: how many answers of a source lie in it",
    (
        Column("panel", "label", "what has a panel of its own, such as an arm; empty for one panel", optional=True),
        Column("source", "label", "whose answers, e.g. people, or the arm of a run"),
        Column("people", "flag", "whether the source is people (and not a model)"),
        Column("bin", "label", "the option, or the range of numbers, in order of appearance"),
        Column("share", "number", "share of the source's answers", low=0, high=1, gaps=True),
        Column("n", "whole", "answers of the source in all its bars", low=0),
    ),
    key=("panel", "source", "bin"),
)

ADOPTERS = Table(
    "adopters",
    "one person who took something up, or one post or share",
    (
        _ARM,
        _REPLICATE,
        Column("thing", "label", "what was taken up, where there are several things", optional=True),
        Column("adopter", "label", "who took it up, or the name of the post or share"),
        Column("parent", "label", "the adopter it was had from; empty for one who began"),
        Column("step", "whole", "when", low=0),
    ),
    key=("arm", "replicate", "thing", "adopter"),
)

EFFECTS = Table(
    "effects",
    "one estimate",
    (
        Column("name", "label", "what is estimated"),
        Column("group", "label", "what it stands together with; empty for none", optional=True),
        Column("estimate", "number", "the estimate; missing where there is none", gaps=True),
        Column("low", "number", "low end of its interval; missing where there is none", gaps=True),
        Column("high", "number", "high end of its interval; missing where there is none", gaps=True),
        Column("n", "label", "over how many of what", optional=True),
        Column("people", "flag", "whether the estimate is of people", optional=True),
    ),
)
