"""Keeping and bringing up: the memory of all agents of a world.

After a turn what the agent saw, answered, did and said is kept in its memory cell, with a summary, ratings, embeddings and
beliefs where they are declared; these are calls of the turn, so they are in the record. At a later turn whose phase
remembers it, the strategy picks. Everything follows from the cell, the cue and recorded calls, so a replay brings up the same.
Confederates follow a script: they remember nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, FiniteFloat, create_model

from socsim.cells import Cell, answer_of, memory_of
from socsim.event import Event
from socsim.inference.types import CallFailure, Request, Segment
from socsim.items import ItemFailure, ParseFailure
from socsim.memory.happened import Telling
from socsim.memory.retrieving import likeness, relevance, retrieved
from socsim.memory.things import Thing, fitting, shortened, tokens_in, whole_sentences
from socsim.observation import Observation, Recalled
from socsim.prompts import fill, one_line
from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.remembering import BYTES_PER_TOKEN, LONGEST_NUMBER, MemorySpec
from socsim.view import View

__all__ = ["Memory", "cue_of"]

SUMMARY, BELIEFS, IMPORTANCE, VECTOR = "memory.summary", "memory.beliefs", "memory.importance", "memory.vector"
"""Under which calls of the memory are recorded; failures stand among the answers."""

_LONGEST_CUE = 300
"""Tokens of what a turn is about that are embedded."""
_RATINGS = tuple(str(number) for number in range(1, 11))


class Memory:
    """The memory of one world.

    Args:
        spec: as declared.
        questions: text of each item by name.
    """

    def __init__(self, spec: MemorySpec, questions: Mapping[str, str]) -> None:
        self.spec = spec
        self._questions = questions
        self._telling = Telling(spec, questions)
        self._form = _form(spec) if spec.beliefs else None

    def writes(self, agent: int) -> tuple[Cell, ...]:
        """Cells that are written after a turn."""
        return (memory_of(agent), *(answer_of(agent, name) for name in (SUMMARY, BELIEFS, IMPORTANCE)))

    async def bring_up(self, event: Event, view: View, since: int) -> None:
        """Let a turn begin with what the agent remembers; called in it, before the agent acts.

        Args:
            event: the turn.
            view: the world as it may see it.
            since: the step since which the person has been there.
        """
        if event.script is not None:
            return
        things = [thing for thing in self._things(view) if thing.step >= since]
        beliefs = list({thing.name: thing for thing in things if thing.kind == "belief"}.values())
        picked = await self._picked(event, things, self.spec.max_tokens - tokens_in(beliefs))
        recalled = tuple(Recalled(thing.kind, thing.text) for thing in (*beliefs, *picked))
        if recalled:
            event.observation = event.observation._replace(recalled=recalled)

    async def keep(self, event: Event, view: View) -> None:
        """Keep what has happened in a turn; called in it, after the agent has acted."""
        if event.script is not None:
            return
        things: list[Thing] = []
        if self.spec.kind != "none":
            things = await self._marked(event, self._telling.of(event, self._things(view)))
        if self.spec.kind == "summary" and things:
            things += await self._summary(event, view, things)
        if self._form is not None:
            things += await self._beliefs(event, self._form)
        if things:
            event.effects.write(memory_of(event.observation.agent), tuple(things))

    def _things(self, view: View) -> list[Thing]:
        return [thing for entry in view.entries(memory_of(view.agent)) for thing in entry.value]

    async def _picked(self, event: Event, things: Sequence[Thing], max_tokens: int) -> list[Thing]:
        events = [thing for thing in things if thing.kind not in ("belief", "summary")]
        if self.spec.kind == "summary":
            return fitting([thing for thing in things if thing.kind == "summary"][-1:], max_tokens)
        if self.spec.kind == "retrieval":
            relevant = await self._relevant(event, events)
            return retrieved(events, relevant, event.observation.step, self.spec, max_tokens)
        return fitting(events[-self.spec.k :] if self.spec.kind == "last" else events, max_tokens)

    async def _relevant(self, event: Event, events: Sequence[Thing]) -> list[float]:
        cue = cue_of(event.observation, self._questions)
        if not self.spec.wants_vectors:
            return relevance([thing.text for thing in events], cue)
        if not events:
            return []
        (vector,) = await self._vectors(event, [shortened(cue, _LONGEST_CUE)])
        return likeness(events, vector)

    async def _marked(self, event: Event, things: list[Thing]) -> list[Thing]:
        """The things with ratings and embeddings, where retrieval wants them."""
        if self.spec.kind == "retrieval" and self.spec.importance == "call":
            things = [replace(thing, importance=await self._rating(event, thing)) for thing in things]
        if self.spec.wants_vectors:
            vectors = await self._vectors(event, [thing.text for thing in things])
            things = [replace(thing, vector=vector) for thing, vector in zip(things, vectors, strict=True)]
        return things

    async def _rating(self, event: Event, thing: Thing) -> float | None:
        readout = ReadoutSpec(labels=("letters",), orders="fixed")
        question = fill(self.spec.words("rate"), {"text": thing.text})
        answer = await event.choose(IMPORTANCE, ItemSpec(type="ordinal", text=question, options=_RATINGS, readout=readout))
        return None if isinstance(answer, ItemFailure) else answer.expected

    async def _vectors(self, event: Event, texts: Sequence[str]) -> list[str]:
        """The embeddings of texts, as text; empty where a text has no words or the call failed, which is recorded."""
        wanted = [text for text in dict.fromkeys(texts) if text.strip()]
        if not wanted:
            return [""] * len(texts)
        model = event.wording.model
        calls = [(VECTOR, Request("embed", (Segment("user", text),), "plain", model=model)) for text in wanted]
        found: dict[str, str] = {}
        for text, outcome in zip(wanted, await event.score(calls), strict=True):
            if isinstance(outcome, CallFailure):
                failure = ParseFailure("call_failed", "", f"{outcome.kind}: {outcome.message}")
                event.responses.append(ItemFailure(VECTOR, "embedding", (failure,)))
            else:
                found[text] = outcome.text
        return [found.get(text, "") for text in texts]

    async def _summary(self, event: Event, view: View, things: Sequence[Thing]) -> list[Thing]:
        """The new summary; none where the model gave no text, so that the old one stays."""
        before = [thing for thing in self._things(view) if thing.kind == "summary"][-1:]
        values = {
            "summary": before[0].text if before else self.spec.words("nothing_yet"),
            "lines": "\n".join(f"- {thing.text}" for thing in things),
        }
        readout = ReadoutSpec(method="text", max_tokens=self.spec.room)
        question = fill(self.spec.words("summarise"), values)
        answer = await event.choose(SUMMARY, ItemSpec(type="text", text=question, readout=readout))
        text = "" if isinstance(answer, ItemFailure) or not answer.texts else one_line(answer.texts[0])
        return [Thing("summary", event.observation.step, whole_sentences(text, self.spec.room))] if text else []

    async def _beliefs(self, event: Event, form: type[BaseModel]) -> list[Thing]:
        """The beliefs as stated now; none where the reply was not in the form, so that the old ones stay."""
        questions = "\n".join(f"{name}: {one_line(belief.text)}" for name, belief in self.spec.beliefs.items())
        reply = await event.ask_as(form, fill(self.spec.words("beliefs"), {"questions": questions}), name=BELIEFS)
        if isinstance(reply, ItemFailure):
            return []
        agent, step = event.observation.agent, event.observation.step
        things = []
        for name, value in reply.model_dump().items():
            if isinstance(value, float):
                event.effects.keep(agent, f"belief.{name}", value)
            things.append(Thing("belief", step, self._stated(name, value), name=name))
        return things

    def _stated(self, name: str, value: str | float) -> str:
        """A belief in words; a long text is cut, so that all beliefs fit into their half of the tokens."""
        spec, text = self.spec, one_line(str(value))
        if isinstance(value, str):
            texts = sum(belief.type == "text" for belief in spec.beliefs.values())
            spare = (spec.max_tokens // 2 - spec.beliefs_take) // texts
            text = shortened(text, LONGEST_NUMBER // BYTES_PER_TOKEN + spare)
        return fill(spec.words("belief"), {"name": name, "value": text})


def cue_of(observation: Observation, questions: Mapping[str, str]) -> str:
    """What a turn is about, in words: its topic, its questions, and what is seen."""
    asked = [questions.get(name, "") for name in observation.asks]
    return " ".join(part for part in (observation.topic, *asked, *(one.text for one in observation.seen)) if part)


def _form(spec: MemorySpec) -> type[BaseModel]:
    """The form of a reply that states all beliefs."""
    kinds = {"number": FiniteFloat, "text": str}
    fields: dict[str, Any] = {name: (kinds[belief.type], ...) for name, belief in spec.beliefs.items()}
    return create_model("Beliefs", **fields)
