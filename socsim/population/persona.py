"""A person as a value: facts, held-back reference facts, documents and a survey weight.

It knows nothing of where people come from or how they are put into words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = ["Frozen", "Persona", "Value"]

Value = str | float | int | None
"""A fact: a number, a text, or None where the source has no value."""

V = TypeVar("V")


class Frozen(Mapping[str, V]):
    """A mapping that cannot be changed, in declared order. Unlike ``MappingProxyType`` it can be copied and pickled."""

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, V]) -> None:
        self._data = dict(data)

    def __getitem__(self, key: str) -> V:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return repr(self._data)

    def __hash__(self) -> int:
        return hash(frozenset(self._data.items()))


@dataclass(frozen=True, slots=True)
class Persona:
    """A person of a world.

    Attributes:
        id: number of the agent, 0 to n - 1.
        source_id: row of the data source, counted from 0, as text; the agent's own number for made-up people.
        facts: typed variables that prompts may show, in declared order; None where the source has no value.
        reference: variables held back from every prompt.
        documents: texts of any length, by name; empty where the source has none.
        weight: survey weight, 1 where none is declared or where people were drawn in proportion to it.
        units: units of facts that have one, e.g. ``{"age": "years"}``.
    """

    id: int
    source_id: str
    facts: Mapping[str, Value] = field(default_factory=dict)
    reference: Mapping[str, Value] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("facts", "reference", "documents", "units"):
            object.__setattr__(self, name, Frozen(getattr(self, name)))
