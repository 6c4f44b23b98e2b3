"""A Mesa model of agents in arrays: millions of people who follow rules, stepped without a Python object for anybody.

Every quantity is a column, an array with a row for each agent; a rule, such as one of `socsim.dynamics`, says how a column
changes. Where a language model answers for somebody, use `socsim.SocialModel`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from socsim.crowds.columns import ColumnLog
from socsim.dynamics.graph import Integers, Neighbours
from socsim.dynamics.running import Dynamic
from socsim.seeding import stream

__all__ = ["Acting", "Crowd", "Measure"]

Column = NDArray[Any]
Acting = Callable[[int, np.random.Generator], Integers]
"""Given a step, counted from 1, and a generator of its own: the numbers of the agents who act."""
Measure = Callable[["Crowd"], float]


class Crowd(mesa.Model):  # type: ignore[misc]
    """Agents 0 to n - 1 in arrays.

    In a step every rule reads the columns as they were before it, so the order of rules does not matter. Each rule and step has
    a random stream of its own under the seed.

    Args:
        graph: who reads whom.
        columns: the start, arrays of shape (n, …) by name; they are copied.
        rules: by column, how it changes.
        seed: root seed.
        acting: who acts at a step; everybody where not given. The columns of others stay as they are.
        log: takes every column at the start, as step 0, and after each step; it stays open.
        measures: numbers to be taken at the start and after each step, by name; see `measured`.

    Raises:
        ValueError: a column does not have a row for each agent, or a rule is for a column that there is not.

    Example:
        >>> from socsim.crowds import ring
        >>> from socsim.dynamics import DeGroot
        >>> crowd = Crowd(ring(4), {"opinion": np.array([0.0, 0.0, 1.0, 0.0])}, {"opinion": DeGroot(0.5)}, seed=1)
        >>> crowd.step()
        >>> crowd.column("opinion").tolist()
        [0.0, 0.25, 0.5, 0.25]
    """

    def __init__(
        self,
        graph: Neighbours,
        columns: Mapping[str, Column],
        rules: Mapping[str, Dynamic],
        *,
        seed: int,
        acting: Acting | None = None,
        log: ColumnLog | None = None,
        measures: Mapping[str, Measure] | None = None,
    ) -> None:
        super().__init__(rng=seed)
        for name, values in columns.items():
            if len(values) != graph.n:
                raise ValueError(f"column {name!r} has {len(values)} rows, the graph has {graph.n} agents")
        missing = sorted(set(rules) - set(columns))
        if missing:
            raise ValueError(f"rules are for columns that there are not: {', '.join(missing)}")
        self.graph = graph
        self.steps_done = 0
        self.measured: list[dict[str, float]] = []
        """The numbers taken, one mapping for the start and each step."""
        self._columns = {name: np.array(values) for name, values in columns.items()}
        self._rules = dict(rules)
        self._root = seed
        self._acting = acting
        self._log = log
        self._measures = dict(measures or {})
        self._note()

    @property
    def n(self) -> int:
        """Number of agents."""
        return self.graph.n

    def column(self, name: str) -> Column:
        """A column as it is now, read-only; shape (n, …)."""
        view = self._columns[name].view()
        view.flags.writeable = False
        return view

    def person(self, agent: int) -> dict[str, Any]:
        """All values of one agent."""
        return {name: values[agent] for name, values in self._columns.items()}

    def step(self) -> None:
        """Carry out one step for all who act, in array operations."""
        number = self.steps_done + 1
        who = None if self._acting is None else self._acting(number, stream(self._root, "acting", number))
        graph = self.graph if who is None else self.graph.read_by_only(who)
        changed = {}
        for name, rule in self._rules.items():
            after = rule.step(self._columns[name], graph, stream(self._root, "rule", name, number))
            if who is not None:
                others, after = after, self._columns[name].copy()
                after[who] = others[who]
            changed[name] = after
        self._columns |= changed
        self.steps_done = number
        self._note()

    def run(self, steps: int) -> None:
        """Carry out so many steps."""
        for _ in range(steps):
            self.step()

    def _note(self) -> None:
        if self._measures:
            self.measured.append({name: float(measure(self)) for name, measure in self._measures.items()})
        if self._log is not None:
            self._log.write(self.steps_done, dict(self._flat()))

    def _flat(self) -> Any:
        """Columns as they are logged: one with several numbers for each agent becomes several."""
        for name, values in self._columns.items():
            if values.ndim == 1:
                yield name, values
            else:
                rows = values.reshape(self.n, -1)
                yield from ((f"{name}.{place}", rows[:, place]) for place in range(rows.shape[1]))
