"""Reading a run folder: tidy tables, exact calls, hashes. Never touches the running side; works while a run goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from socsim.errors import Problem, RecordError, ScenarioError
from socsim.record.caching import RECORD_NAME
from socsim.record.manifest import read_manifest
from socsim.record.store import RecordStore
from socsim.showing import show_event
from socsim.tables import (
    TABLE_NAMES,
    agents_table,
    completed,
    read_table,
    readings_table,
    row_table,
    table_hash,
    to_pandas,
    write_labelled_csv,
    write_table,
)

if TYPE_CHECKING:
    import networkx as nx
    import polars as pl

    from socsim.scenario import Scenario

__all__ = ["ENDED", "RECORD_NAME", "SCENARIO_NAME", "Run"]

SCENARIO_NAME = "scenario.yaml"
ENDED = ("complete", "incomplete")
"""Statuses of a run that has nothing left to do."""


def _from_record(name: str, store: RecordStore) -> pa.Table:
    special: Mapping[str, Callable[[], pa.Table]] = {
        "agents": lambda: agents_table(store.rows("agents")),
        "readings": lambda: readings_table(store.rows("responses")),
        "calls": lambda: row_table("calls", store.calls()),
    }
    return special[name]() if name in special else row_table(name, store.rows(name))


class Run:
    """A run folder.

    Tables are read from ``tables/*.parquet`` where the run has ended, else from the record as it is now. Each access to a
    table of a run that goes on reads it anew.

    Raises:
        RecordError: the folder holds no run.

    Example:
        ``Run("runs/neighbourhood_debate-20-…").responses.groupby("step")["expected"].mean()``
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        read_manifest(self.path)
        self._cache: dict[str, pa.Table] = {}

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def manifest(self) -> dict[str, Any]:
        """What was run, with what, and how it ended; read anew each time."""
        return read_manifest(self.path)

    @property
    def status(self) -> str:
        """``running``, ``complete``, ``incomplete``, ``failed`` or ``interrupted``."""
        return str(self.manifest["status"])

    @property
    def scenario(self) -> Scenario:
        """The scenario as resolved when the run began. The data files it names need not be there any more.

        Raises:
            ScenarioError: the file in the run folder has been changed to something invalid.
        """
        from socsim.scenario import Scenario

        path = self.path / SCENARIO_NAME
        try:
            return Scenario.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
        except (OSError, YAMLError, ValidationError) as error:
            raise ScenarioError(Problem(f"cannot be read: {error}", file=str(path))) from error

    @property
    def agents(self) -> pd.DataFrame:
        """One row per agent of a world: persona, weight, and facts as columns ``fact_…`` and ``reference_…``."""
        return self.pandas("agents")

    @property
    def ties(self) -> pd.DataFrame:
        """One row per tie at the start: ``reader`` reads ``author``."""
        return self.pandas("ties")

    def ties_at(self, step: int, arm: str | None = None, replicate: int = 0) -> pd.DataFrame:
        """The ties of one world as they are when a step begins: columns ``author`` and ``reader``, sorted.

        Args:
            step: number of the step; one past the last for the ties at the end.
            arm: name of the arm; the scenario's first where not given.
            replicate: number of the replicate.
        """
        name = arm if arm is not None else self.scenario.arms[0].name
        first = [row for row in self.table("ties").to_pylist() if (row["arm"], row["replicate"]) == (name, replicate)]
        changes = [row for row in self.table("tie_changes").to_pylist() if (row["arm"], row["replicate"]) == (name, replicate)]
        ties = {(row["author"], row["reader"]) for row in first}
        for change in changes:
            if change["step"] < step:
                (ties.add if change["kind"] == "follow" else ties.discard)((change["author"], change["reader"]))
        return pd.DataFrame(sorted(ties), columns=["author", "reader"])

    def graph_at(self, step: int, arm: str | None = None, replicate: int = 0) -> nx.DiGraph[int]:
        """The ties as they are when a step begins, as a graph of agent numbers: an arc u → v means that v reads u."""
        import networkx as nx

        graph: nx.DiGraph[int] = nx.DiGraph()
        agents = self.agents
        graph.add_nodes_from(sorted(agents.loc[agents["replicate"] == replicate, "agent"].unique().tolist()))
        graph.add_edges_from(self.ties_at(step, arm, replicate).itertuples(index=False, name=None))
        return graph

    @property
    def messages(self) -> pd.DataFrame:
        """One row per public message asked for."""
        return self.pandas("messages")

    @property
    def responses(self) -> pd.DataFrame:
        """One row per private answer asked for."""
        return self.pandas("responses")

    @property
    def readings(self) -> pd.DataFrame:
        """One row per reading of an answer: an order of options, a label set or a frame."""
        return self.pandas("readings")

    @property
    def seen(self) -> pd.DataFrame:
        """One row per message or answer of others in a prompt."""
        return self.pandas("seen")

    @property
    def actions(self) -> pd.DataFrame:
        """One row per action of an agent, "nothing" included."""
        return self.pandas("actions")

    @property
    def exposures(self) -> pd.DataFrame:
        """One row per turn at which there was something to see: how much there was, was shown, and was reacted to."""
        return self.pandas("exposures")

    @property
    def recalled(self) -> pd.DataFrame:
        """One row per thing that a memory put into a prompt."""
        return self.pandas("recalled")

    @property
    def tie_changes(self) -> pd.DataFrame:
        """One row per tie that began or ended during the run."""
        return self.pandas("tie_changes")

    @property
    def trials(self) -> pd.DataFrame:
        """One row per turn and condition (or wording, or renderer): under which level it was taken."""
        return self.pandas("trials")

    @property
    def numbers(self) -> pd.DataFrame:
        """One row per number that the model keeps about an agent: payoffs, points, states."""
        return self.pandas("numbers")

    @property
    def calls(self) -> pd.DataFrame:
        """One row per call of the model."""
        return self.pandas("calls")

    @property
    def events(self) -> pd.DataFrame:
        """One row per acting agent and step."""
        return self.pandas("events")

    def table(self, name: str) -> pa.Table:
        """A table as Arrow, sorted by its keys.

        Raises:
            KeyError: there is no table of this name; see `socsim.tables.TABLE_NAMES`.
            RecordError: the record or the file cannot be read.
        """
        if name not in TABLE_NAMES:
            raise KeyError(f"{name!r} is none of the tables {', '.join(TABLE_NAMES)}")
        if self.status not in ENDED:
            return self._recorded(name)
        if name not in self._cache:
            path = self._file(name)
            self._cache[name] = completed(name, read_table(path)) if path.is_file() else self._recorded(name)
        return self._cache[name]

    def pandas(self, name: str) -> pd.DataFrame:
        """A table as a pandas frame."""
        return to_pandas(self.table(name))

    def polars(self, name: str) -> pl.DataFrame:
        """A table as a polars frame."""
        import polars as pl

        frame = pl.from_arrow(self.table(name))
        assert isinstance(frame, pl.DataFrame)
        return frame

    def table_hashes(self) -> dict[str, str]:
        """The hash of what each table says now, by name; see `socsim.tables.table_hash`.

        Left out are empty tables that were not there yet when the run ended, as its manifest does not name them.
        """
        return self._hashes(self.table)

    def recorded_hashes(self) -> dict[str, str]:
        """Like `table_hashes`, of what the record says, whatever stands in ``tables/``."""
        return self._hashes(self._recorded)

    def write_tables(self) -> dict[str, str]:
        """Write all tables from the record to ``tables/*.parquet``.

        Returns:
            The hash of each table, by name.

        Raises:
            RecordError: a file cannot be written.
        """
        hashes = {}
        for name in TABLE_NAMES:
            table = self._recorded(name)
            write_table(table, self._file(name))
            hashes[name] = table_hash(name, table)
        self._cache.clear()
        return hashes

    def has_tables(self) -> bool:
        """Whether every table has its file in ``tables/``."""
        return all(self._file(name).is_file() for name in TABLE_NAMES)

    def write_csv(self, folder: Path | str) -> list[Path]:
        """Write all tables as labelled CSV: option texts beside numbers, lists as JSON.

        Returns:
            The files written.
        """
        options = self._options()
        paths = [Path(folder) / f"{name}.csv" for name in TABLE_NAMES]
        for name, path in zip(TABLE_NAMES, paths, strict=True):
            write_labelled_csv(self.table(name), path, options)
        return paths

    def failed_answers(self) -> tuple[int, int]:
        """How many of the answers and messages asked for failed, and how many were asked for: (failed, asked)."""
        tables = [self._recorded(name)["status"].to_pylist() for name in ("responses", "messages")]
        return sum(column.count("failed") + column.count("empty") for column in tables), sum(len(column) for column in tables)

    def show(
        self,
        agent: int,
        step: int,
        arm: str | None = None,
        replicate: int = 0,
        *,
        turn: int | None = None,
        tokens: bool = False,
    ) -> str:
        """What an agent read, remembered, answered and did at a step, exactly, turn by turn: every call in program order too.

        Args:
            agent: number of the agent.
            step: number of the step, from 0.
            arm: name of the arm; the scenario's first one that has the event where not given.
            replicate: number of the replicate.
            turn: number of the turn within the step, from 0; all of them where not given.
            tokens: also print the token ids of prompt and reply, where the engine gave them.

        Raises:
            RecordError: the agent did not act at this step (or turn), or has not yet.
        """
        with closing(self._record()) as store:
            events = [e for e in store.events() if (e.agent, e.step, e.replicate) == (agent, step, replicate)]
            arms = list(dict.fromkeys(e.arm for e in events))
            chosen = arm if arm is not None else self._first_arm(arms)
            events = [e for e in events if e.arm == chosen]
            if not events:
                where = f"agent {agent}, step {step}, replicate {replicate}" + (f", arm {arm}" if arm is not None else "")
                known = f" This agent and step are recorded in: {', '.join(arms)}." if arms else ""
                raise RecordError(f"{self.path}: nothing is recorded for {where}.{known}")
            turns = [e.turn for e in events]
            events = [e for e in events if turn in (None, e.turn)]
            if not events:
                raise RecordError(
                    f"{self.path}: agent {agent} has no turn {turn} at step {step}. It has: {', '.join(map(str, turns))}."
                )
            return "\n".join(show_event(store, event, tokens=tokens) for event in events)

    def _hashes(self, read: Callable[[str], pa.Table]) -> dict[str, str]:
        named = self.manifest.get("tables") or TABLE_NAMES
        hashes = {}
        for name in TABLE_NAMES:
            table = read(name)
            if table.num_rows or name in named:
                hashes[name] = table_hash(name, table)
        return hashes

    def _first_arm(self, arms: list[str]) -> str | None:
        if len(arms) < 2:
            return arms[0] if arms else None
        return next((arm.name for arm in self.scenario.arms if arm.name in arms), None)

    def _options(self) -> dict[str, tuple[str, ...]]:
        items = self.scenario.items
        return {name: (*item.options, *item.non_answers) for name, item in items.items()} if isinstance(items, dict) else {}

    def _file(self, name: str) -> Path:
        return self.path / "tables" / f"{name}.parquet"

    def _record(self) -> RecordStore:
        return RecordStore.open(self.path / RECORD_NAME, read_only=True)

    def _recorded(self, name: str) -> pa.Table:
        with closing(self._record()) as store:
            return _from_record(name, store)
