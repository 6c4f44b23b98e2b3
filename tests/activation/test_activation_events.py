"""Reactions to events: those alone are looked at to whom something may have happened, and the result is the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from socsim import Scenario, ScriptedEngine, run, staging
from socsim.activation import Turn, lay_out_turns
from socsim.activation.events import who_may_react
from socsim.cells import Cells, Entry, answer_of, message_of
from socsim.inference.types import Request
from socsim.interactions.reacting import Reaction
from socsim.network.ties import Ties
from socsim.view import View

RING = Ties(4, np.array([0, 2, 4, 6, 8]), np.array([1, 3, 0, 2, 1, 3, 0, 2]), np.ones(8))


def couple(people: int, steps: int) -> Scenario:
    """A ring where everybody speaks once; two neighbours name each other, at every step."""
    named = [{"who": {"agents": [one]}, "says": [f"Person {2 - one}, what now?"]} for one in (0, 1)]
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "couple",
            "population": {"size": people, "confederates": named},
            "network": {"graph": {"watts_strogatz": {"k": 2, "p": 0.0}}, "place": {"by": "given"}},
            "schedule": [
                {
                    "phase": "talk",
                    "repeat": steps,
                    "activation": {"events": {"on": "mention"}},
                    "interaction": {"kind": "neighbours", "see": "messages"},
                    "say": {"topic": "it"},
                }
            ],
            "inference": {"engine": "scripted"},
        }
    )


def quiet(request: Request, seed: int) -> str:
    del request, seed
    return "Nothing to add."


def test_readers_of_whoever_wrote_may_react() -> None:
    written = [message_of(0), message_of(0), answer_of(2, "view")]
    assert who_may_react(written, "message", RING.transposed(), range(4)).tolist() == [1, 3]
    assert who_may_react(written, "answer:view", RING.transposed(), (0, 2, 3)).tolist() == [3]
    assert who_may_react([], "message", RING.transposed(), range(4)).tolist() == []
    assert who_may_react(written, "message", None, range(4)).tolist() == []


def test_who_reads_whom_turned_round_is_who_is_read_by_whom() -> None:
    ties = Ties(3, np.array([0, 2, 2, 3]), np.array([1, 2, 1]), np.array([0.5, 1.0, 2.0]))
    turned = ties.transposed()
    assert [turned.read_by(agent).tolist() for agent in range(3)] == [[], [0, 2], [0]]
    assert turned.weights_of(1).tolist() == [0.5, 2.0]


def test_cells_say_what_was_written_at_a_step() -> None:
    cells = Cells(noting=True)
    for step, agent in ((0, 1), (1, 2), (1, 3)):
        cells.put(message_of(agent), Entry((step, 0), agent, "x"))
    assert cells.written(1) == [message_of(2), message_of(3)]
    assert cells.written(0) == ()  # forgotten
    assert cells.written(5) == ()
    with pytest.raises(RuntimeError, match="not noted"):
        Cells().written(0)


@pytest.mark.parametrize("execution", ["dependencies", "barrier", "sequential"])
def test_nobody_is_looked_at_to_whom_nothing_can_have_happened(
    execution: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(staging, "AHEAD_AT_MOST", 10)
    looked_at: Counter[int] = Counter()
    holds, laid_out = Reaction.holds, Counter[int]()

    def counted(self: Reaction, turn: Turn, view: View) -> bool:
        looked_at[turn.step] += 1
        return holds(self, turn, view)

    def counting(step: int, meetings: Any, script: Any) -> tuple[Turn, ...]:
        turns = lay_out_turns(step, meetings, script)
        laid_out[step] += len(turns)
        return turns

    monkeypatch.setattr(Reaction, "holds", counted)
    monkeypatch.setattr(staging, "lay_out_turns", counting)
    done = run(couple(60, 4), engine=ScriptedEngine(quiet), out=tmp_path / "run", execution=execution)
    acted = Counter(done.events["step"])
    assert acted == {0: 60, 1: 2, 2: 2, 3: 2}
    assert looked_at[0] == 60
    assert looked_at[1] == 60  # all have spoken at the step before
    assert looked_at[2] == looked_at[3] == 4  # the two, and one more who reads each of them
    assert {step: laid_out[step] for step in (2, 3)} == {2: 4, 3: 4}


class Counting:
    """Progress of which the turns are counted."""

    def __init__(self) -> None:
        self.total = self.done = 0

    def start(self, title: str, events_total: int) -> None:
        del title
        self.total = events_total

    def update(self, snapshot: Any) -> None:
        self.done = snapshot.events_done

    def note(self, message: str) -> None:
        del message

    def finish(self, snapshot: Any) -> None:
        self.done = snapshot.events_done


def test_those_who_are_passed_over_count_as_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(staging, "AHEAD_AT_MOST", 10)
    progress = Counting()
    run(couple(60, 4), engine=ScriptedEngine(quiet), out=tmp_path / "run", progress=progress)
    assert progress.done == progress.total == 240


def test_at_a_beginning_without_anybody_nobody_is_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(staging, "AHEAD_AT_MOST", 10)
    monkeypatch.setattr(Reaction, "holds", lambda *_: pytest.fail("somebody was looked at"))
    scenario = couple(60, 3)
    (phase,) = scenario.schedule
    activation = phase.activating.model_copy(update={"first": "none"})  # type: ignore[union-attr]
    scenario = scenario.model_copy(update={"schedule": (phase.model_copy(update={"activation": activation}),)})
    done = run(scenario, engine=ScriptedEngine(quiet), out=tmp_path / "run")
    assert done.events.empty
    assert done.status == "complete"
