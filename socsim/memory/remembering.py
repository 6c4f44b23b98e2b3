"""Keeping and bringing up: the memory of all agents of a world.

After a turn what the agent saw, said, answered and did is kept in its memory cell, with a summary, ratings and beliefs
where they are declared; these are calls of the turn, so they are in the record. At a later turn whose phase remembers it,
the strategy picks. Everything follows from the cell and the cue, so a replay brings up the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, create_model

from socsim.cells import Cell, answer_of, memory_of
from socsim.event import Event
from socsim.items import ItemFailure, Response
from socsim.memory.things import Thing, fitting, retrieved
from socsim.observation import Observation, Recalled, Seen
from socsim.prompts import fill, one_line, quotable
from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.remembering import MemorySpec
from socsim.view import View

__all__ = ["Memory", "cue_of"]

SUMMARY, BELIEFS, IMPORTANCE = "memory.summary", "memory.beliefs", "memory.importance"
"""Under which calls of the memory are recorded among the answers."""


class Memory:
    """The memory of one world.

    Args:
        spec: as declared.
        questions: text of each item by name.
    """

    def __init__(self, spec: MemorySpec, questions: Mapping[str, str]) -> None:
        self.spec = spec
        self.questions = questions
        self._form = _form(spec) if spec.beliefs else None

    def writes(self, agent: int) -> tuple[Cell, ...]:
        """Cells that are written after a turn."""
        return (memory_of(agent), *(answer_of(agent, name) for name in (SUMMARY, BELIEFS, IMPORTANCE)))

    def recall(self, view: View, since: int, cue: str) -> tuple[Recalled, ...]:
        """What is brought up at a turn, in order, within the bound of tokens.

        Args:
            view: the world as the turn may see it.
            since: the step since which the person has been there.
            cue: what the turn is about, for retrieval.
        """
        things = [thing for thing in self._things(view) if thing.step >= since]
        beliefs = [thing for thing in things if thing.kind == "belief"]
        latest = {thing.text.partition(":")[0]: thing for thing in beliefs}
        events = [thing for thing in things if thing.kind not in ("belief", "summary")]
        if self.spec.kind == "summary":
            chosen = [thing for thing in things if thing.kind == "summary"][-1:]
        elif self.spec.kind == "retrieval":
            chosen = retrieved(events, cue, view.step, self.spec)
        else:
            chosen = events[-self.spec.k :] if self.spec.kind == "last" else events
        kept = fitting([*latest.values(), *chosen], self.spec.max_tokens)
        return tuple(Recalled(thing.kind, thing.text) for thing in kept)

    async def keep(self, event: Event, view: View) -> None:
        """Keep what has happened in a turn; called in it, after the agent has acted."""
        things = self._happened(event)
        if self.spec.kind == "retrieval" and self.spec.importance == "call":
            things = [await self._rated(event, thing) for thing in things]
        if self.spec.kind == "summary" and things:
            things += await self._summary(event, view, things)
        if self._form is not None:
            things += await self._beliefs(event, self._form)
        if things:
            event.effects.write(memory_of(event.observation.agent), tuple(things))

    def _things(self, view: View) -> list[Thing]:
        return [thing for entry in view.entries(memory_of(view.agent)) for thing in entry.value]

    def _happened(self, event: Event) -> list[Thing]:
        seen, what = event.observation, self.spec.what
        things = [Thing("seen", seen.step, self._seen(one)) for one in seen.seen] if "seen" in what else []
        if "answered" in what:
            things += [
                Thing("answered", seen.step, self._answered(answer)) for answer in event.responses if isinstance(answer, Response)
            ]
        if "did" in what:
            things += [
                Thing("did", seen.step, fill(self.spec.words("did"), {"action": one_line(did.kind)}))
                for did in event.effects.actions
                if did.status == "done" and did.kind != "nothing"
            ]
        if "said" in what and event.message is not None and event.message.status == "ok":
            things.append(Thing("said", seen.step, fill(self.spec.words("said"), {"text": quotable(event.message.text)})))
        return things

    def _seen(self, one: Seen) -> str:
        if one.author < 0:
            return fill(self.spec.words("shown"), {"text": quotable(one.text)})
        author = fill(self.spec.words("person"), {"number": str(one.author + 1)})
        return fill(self.spec.words("seen"), {"author": author, "text": quotable(one.text)})

    def _answered(self, answer: Response) -> str:
        question = self.questions.get(answer.item, answer.item)
        return fill(self.spec.words("answered"), {"item": quotable(question), "option": one_line(answer.option)})

    async def _rated(self, event: Event, thing: Thing) -> Thing:
        options = tuple(str(number) for number in range(1, 11))
        readout = ReadoutSpec(labels=("letters",), orders="fixed")
        question = fill(self.spec.words("rate"), {"text": thing.text})
        answer = await event.choose(IMPORTANCE, ItemSpec(type="ordinal", text=question, options=options, readout=readout))
        if isinstance(answer, ItemFailure) or answer.expected is None:
            return thing
        return Thing(thing.kind, thing.step, thing.text, answer.expected)

    async def _summary(self, event: Event, view: View, things: Sequence[Thing]) -> list[Thing]:
        """The new summary; none where the model gave no text, so that the old one stays."""
        before = [thing for thing in self._things(view) if thing.kind == "summary"][-1:]
        values = {
            "summary": before[0].text if before else self.spec.words("nothing_yet"),
            "lines": "\n".join(f"- {thing.text}" for thing in things),
        }
        readout = ReadoutSpec(method="text", max_tokens=self.spec.max_tokens)
        question = fill(self.spec.words("summarise"), values)
        answer = await event.choose(SUMMARY, ItemSpec(type="text", text=question, readout=readout))
        if isinstance(answer, ItemFailure) or not answer.texts:
            return []
        return [Thing("summary", event.observation.step, one_line(answer.texts[0]))]

    async def _beliefs(self, event: Event, form: type[BaseModel]) -> list[Thing]:
        """The beliefs as stated now; none where the reply was not in the form, so that the old ones stay."""
        questions = "\n".join(f"{name}: {one_line(belief.text)}" for name, belief in self.spec.beliefs.items())
        request = fill(self.spec.words("beliefs"), {"questions": questions})
        reply = await event.ask_as(form, request, name=BELIEFS)
        if isinstance(reply, ItemFailure):
            return []
        step, words = event.observation.step, self.spec.words("belief")
        values = {name: one_line(str(value)) for name, value in reply.model_dump().items()}
        return [Thing("belief", step, fill(words, {"name": name, "value": value})) for name, value in values.items()]


def cue_of(observation: Observation, questions: Mapping[str, str]) -> str:
    """What a turn is about, in words: its topic, its questions, and what is seen."""
    asked = [questions.get(name, "") for name in observation.asks]
    return " ".join([observation.topic, *asked, *(one.text for one in observation.seen)])


def _form(spec: MemorySpec) -> type[BaseModel]:
    """The form of a reply that states all beliefs."""
    fields: dict[str, Any] = {name: (float if belief.type == "number" else str, ...) for name, belief in spec.beliefs.items()}
    return create_model("Beliefs", **fields)
