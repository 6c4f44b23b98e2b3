"""What follows from a turn: versions of cells, and rows of the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator

from socsim.activation import Turn
from socsim.cells import Cell, actions_of, answer_of, message_of, ties_of
from socsim.effects import Effects
from socsim.event import Event
from socsim.events import (
    ActionRow,
    EventRow,
    ExposureRow,
    MessageRow,
    RecalledRow,
    ResponseRow,
    ResultRow,
    SeenRow,
    TieChangeRow,
    TrialRow,
    ValueRow,
)
from socsim.items import ItemFailure, Response

__all__ = ["Place", "effect_rows", "effect_versions", "refusal_of", "rows_of", "versions_of"]

Place = tuple[str, int, int, str, int]
"""(arm, replicate, step, phase, agent)."""


def versions_of(turn: Turn, event: Event) -> Iterator[tuple[Cell, object]]:
    """The new versions of cells that follow from a turn that was taken."""
    agent = turn.agent
    for answer in event.responses:
        if isinstance(answer, Response):
            yield answer_of(agent, answer.item.partition("#")[0]), answer
    if event.message is not None and event.message.status == "ok":
        yield message_of(agent), event.message.text
    yield from effect_versions(turn, event.effects)


def effect_versions(turn: Turn, effects: Effects) -> Iterator[tuple[Cell, object]]:
    """The new versions of cells that follow from effects."""
    if effects.actions:
        yield actions_of(turn.agent), tuple(effects.actions)
    for change in effects.ties:
        yield ties_of(change.reader), change
    yield from effects.writes


def rows_of(place: Place, turn: Turn, event: Event) -> list[ResultRow]:
    """All rows that follow from a turn in which an agent acted."""
    seen, nth = event.observation, turn.nth
    arm, replicate, step, _, agent = place
    rows: list[ResultRow] = [EventRow(*place, event.observed_hash(), event.did_hash(), tuple(event.calls), nth)]
    rows += [
        SeenRow(arm, replicate, step, agent, position, one.author, one.step, one.text, nth, one.kind)
        for position, one in enumerate(seen.seen)
    ]
    rows += [RecalledRow(*place, nth, position, one.kind, one.text) for position, one in enumerate(seen.recalled)]
    rows += [response_row(place, answer, nth) for answer in event.responses]
    if event.message is not None:
        m = event.message
        rows.append(MessageRow(*place, m.text, m.status, m.cut_off, m.raw, m.failure, nth))
    if event.effects:
        rows += effect_rows(place, turn, event.effects)
    rows += [TrialRow(*place, nth, name, level) for name, level in event.trial]
    if seen.potential is not None and (seen.potential or seen.seen):
        engaged = {action.about for action in event.effects.actions if action.about and action.status == "done"}
        rows.append(ExposureRow(*place, nth, seen.potential, len(seen.seen), len(engaged)))
    return rows


def effect_rows(place: Place, turn: Turn, effects: Effects) -> list[ResultRow]:
    """The rows of what was done, kept and changed. ``place`` is (arm, replicate, step, phase, agent)."""
    rows: list[ResultRow] = [
        ActionRow(*place, turn.nth, position, one.kind, one.status, one.target, one.about, one.amount)
        for position, one in enumerate(effects.actions)
    ]
    rows += [ValueRow(*place[:4], one.agent, turn.nth, one.name, one.value) for one in effects.kept]
    rows += [
        TieChangeRow(*place, turn.nth, position, one.kind, one.reader, one.author, one.cause, turn.wave)
        for position, one in enumerate(effects.ties)
    ]
    return rows


def refusal_of(event: Event) -> str | None:
    """What to say of the first question of a turn that got no answer; None where all did."""
    for answer in event.responses:
        if isinstance(answer, ItemFailure):
            seen = event.observation
            return (
                f"agent {seen.agent} gave no answer to {answer.item!r} at step {seen.step} "
                f"({answer.failures[-1].reason}), and the scenario says failures.then: stop"
            )
    return None


def response_row(place: Place, answer: Response | ItemFailure, nth: int = 0) -> ResponseRow:
    """The table row of an answer, or of the lack of one. ``place`` is (arm, replicate, step, phase, agent)."""
    if isinstance(answer, ItemFailure):
        last = answer.failures[-1]
        reason = f"{last.reason}: {last.detail}" if last.detail else last.reason
        return ResponseRow(*place, answer.item, answer.method, "failed", failure=reason, raw=last.raw, turn=nth)
    return ResponseRow(
        *place,
        answer.item,
        answer.method,
        "answered" if answer.answered else "non_answer",
        option=answer.option,
        choice=answer.choice,
        value=answer.value,
        expected=answer.expected,
        entropy=answer.entropy,
        mass=answer.mass,
        u=answer.u,
        probabilities=answer.probabilities,
        readings=answer.readings,
        raw=json.dumps(answer.texts, ensure_ascii=False) if answer.texts else "",
        turn=nth,
    )
