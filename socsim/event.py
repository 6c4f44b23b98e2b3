"""One agent acting once: its calls in program order, and what came of them.

An event collects effects and touches no state; the model applies them later. It is also where a call gets its name: the
path that, with agent and step, makes its draw key.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from pydantic import BaseModel

from socsim.contents import answer_content, content_hash, spec_content
from socsim.effects import Effects
from socsim.happenings import Script
from socsim.inference.manner import Manner
from socsim.inference.types import CallFailure, Completion, DrawKey, Request, Role, SamplingParams, Segment
from socsim.items import ItemFailure, ParseFailure, Reading, Response
from socsim.observation import Observation, content_of
from socsim.parsing import clean_message, last_sentence
from socsim.prompts import PromptBook, fill, one_line
from socsim.readouts import Context, PreparedItem, ReadoutPolicy, head, prepare_item, read_as, read_item
from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.schedule import SaySpec
from socsim.scripted_answers import scripted_answer
from socsim.seeding import stream, uniform

__all__ = ["SPEAK", "Asker", "Event", "Message", "Wording"]

M = TypeVar("M", bound=BaseModel)
SPEAK = "speak"
"""The choice whether to write, and the action that follows from it."""


class Asker(Protocol):
    """The part of the inference client an event needs."""

    def lookup_now(
        self, request: Request, draw: DrawKey | None, *, digest: str | None = None
    ) -> Completion | CallFailure | None: ...

    @property
    def replay_only(self) -> bool: ...

    async def submit(
        self, request: Request, draw: DrawKey | None, *, priority: float = 0.0, digest: str | None = None
    ) -> Completion | CallFailure: ...


class Play(Protocol):
    """The part of an interaction that says what a person does."""

    async def act(self, agent: Any, observation: Observation) -> None: ...


@dataclass(frozen=True, slots=True)
class Message:
    """A public message, or the lack of one. ``text`` is empty unless ``status`` is "ok"."""

    text: str
    status: Literal["ok", "empty", "failed"]
    cut_off: bool
    raw: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """What all events of a world share: prompts, items, the engine's manner, sampling, retries and repairs.

    ``fresh``: scores are draws, so that equal questions are not one call.
    """

    book: PromptBook
    items: dict[str, PreparedItem]
    manner: Manner
    model: str
    say: SamplingParams
    sample: SamplingParams
    retry: int
    repair: int = 0
    adapter: str = ""
    fresh: bool = False
    groups: tuple[str, ...] = ()
    """Every person as a description, for readouts that speak of people like it; empty where no item needs it."""


@dataclass(slots=True)
class Event:
    """See `socsim.event`."""

    observation: Observation
    seed: int
    wording: Wording
    asker: Asker | None
    priority: float = 0.0
    """Lower goes first where calls wait."""
    playing: Play = None  # type: ignore[assignment]
    """How people act in this event, where their class does not say otherwise."""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    responses: list[Response | ItemFailure] = field(default_factory=list)
    message: Message | None = None
    effects: Effects = field(default_factory=Effects)
    script: Script | None = None
    """What the agent answers and says where it is a confederate."""
    trial: tuple[tuple[str, str], ...] = ()
    """Levels of conditions and wordings under which the turn is taken, by name."""
    drawing_as: int | None = None
    """As whom replies are drawn, where people share them."""
    busy_s: float = 0.0
    """Seconds for which the engine was waited for; calls made together count as long as the longest."""
    _generator: np.random.Generator | None = None
    _context: Context | None = None
    _named: dict[str, int] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget everything that was begun, so that the event can be performed from its start."""
        self.calls, self.responses, self.message, self.effects = [], [], None, Effects()
        self._generator, self._context, self._named, self.busy_s = None, None, {}, 0.0

    @property
    def generator(self) -> np.random.Generator:
        """The event's own random numbers."""
        if self._generator is None:
            self._generator = stream(self.seed, "act", self.observation.agent, self.observation.step, *self._nth)
        return self._generator

    @property
    def _nth(self) -> tuple[int, ...]:
        """The number of the turn, where an agent has more than one in a step."""
        return (self.observation.turn,) if self.observation.turn else ()

    @property
    def context(self) -> Context:
        """Persona, memory and what was seen, as text."""
        if self._context is None:
            seen, book = self.observation, self.wording.book
            items = self.wording.items
            own = [(items[name].text, option) for name, option in seen.own_answers]
            messages = [(f"Person {one.author + 1}", one.text) for one in seen.seen]
            group = self.wording.groups[seen.agent] if self.wording.groups else ""
            memory = book.memory_text(seen.own_message, own)
            if seen.recalled:
                memory = book.recalled_text([one.text for one in seen.recalled]) + memory
            scene = seen.scene if seen.scene else book.seen_text(messages)
            self._context = Context(seen.persona, memory, scene, group)
        return self._context

    async def ask(self, name: str) -> Response | ItemFailure:
        """Ask an item by its declared readout."""
        policy = self._policy(f"ask.{name}")
        item = self.arranged(name, policy.path)
        scripted = scripted_answer(item, self.script)
        if scripted is not None:
            self.responses.append(scripted)
            return scripted
        answer = await read_item(item, self.context, self, self.wording.book, policy, self._uniform(item))
        self.responses.append(answer)
        return answer

    def answer(self, name: str, answer: str | float) -> Response:
        """Answer an item by a rule, without a call; the answer says so (method ``scripted``).

        Raises:
            ValueError: it is no option of the item, or no number where one is asked for.
        """
        item = self.wording.items[name]
        given = scripted_answer(item, Script({name: answer}, ()))
        if given is None or (item.spec.type == "number" and given.value is None):
            raise ValueError(f"{answer!r} is no answer to {name!r}: {', '.join(item.options) or 'a number'}")
        self.responses.append(given)
        return given

    def carry_over(self, line: str) -> None:
        """Let something said in this event stand behind what was seen, in front of what is asked later in it."""
        self._context = replace(self.context, seen=self.context.seen + line)

    def note(self, name: str, level: str) -> None:
        """Keep in the table of trials under which level of something drawn here the turn was taken."""
        self.trial = (*(one for one in self.trial if one[0] != name), (name, level))

    def arranged(self, name: str, path: str) -> PreparedItem:
        """The item, in an order drawn for the call ``path`` of this agent and step where one is drawn each time."""
        item = self.wording.items[name]
        if item.arrange is None:
            return item
        return item.arranged(stream(self.seed, "order", self.observation.agent, self.observation.step, path))

    async def choose(self, name: str, spec: ItemSpec) -> Response | ItemFailure:
        """Ask a question that the situation poses, such as what to do; it is recorded under a name of its own, and numbered
        (``name#1``) where it is asked again in one event.

        Raises:
            ValueError: the name is an item's.
        """
        if name in self.wording.items:
            raise ValueError(f"{name!r} is the name of an item; give the question another name")
        policy = self._policy(f"choose.{name}")
        item = prepare_item(name, spec, self.wording.book, self.wording.manner)
        answer: Response | ItemFailure | None = scripted_answer(item, self.script)
        if answer is None:
            if item.arrange is not None:
                item = item.arranged(stream(self.seed, "order", self.observation.agent, self.observation.step, policy.path))
            u = uniform(self.seed, "draw", self.observation.agent, policy.path, self.observation.step, *self._nth)
            answer = await read_item(item, self.context, self, self.wording.book, policy, u)
        again = self._named[f"choose.{name}"] - 1
        self.responses.append(replace(answer, item=f"{name}#{again}") if again else answer)
        return answer

    async def ask_as(self, model: type[M], request: str, *, name: str = "", max_tokens: int = 512) -> M | ItemFailure:
        """Ask for a reply in the form of a pydantic model; it is recorded as an answer, as is the lack of one.

        Raises:
            ValueError: it would be recorded under the name of an item.
        """
        wording = self.wording
        if (name or model.__name__) in wording.items:
            raise ValueError(f"{name or model.__name__!r} is the name of an item; give the reply another name")
        policy = self._policy(f"ask_as.{name or model.__name__}")
        called = policy.path.removeprefix("ask_as.")
        found = await read_as(
            model, request, self.context, self, wording.book, policy, wording.manner, name=called, max_tokens=max_tokens
        )
        if isinstance(found, ItemFailure):
            self.responses.append(found)
            return found
        reply, how, repaired = found
        readings = (Reading("as written", "none", (), 1.0, how, repaired),) if how or repaired else ()
        text = reply.model_dump_json()
        self.responses.append(Response(called, "structured", (), None, text, None, None, None, True, 1.0, None, readings))
        return reply

    def _policy(self, name: str) -> ReadoutPolicy:
        wording = self.wording
        path = self._path(name)
        return ReadoutPolicy(wording.model, wording.sample, wording.retry, path, wording.repair, wording.adapter)

    def _path(self, name: str) -> str:
        """The name of a call, numbered where the same thing is asked again in one event."""
        count = self._named.get(name, 0)
        self._named[name] = count + 1
        if self.observation.turn:
            name = f"{name}@{self.observation.turn}"
        return name if count == 0 else f"{name}#{count}"

    def _uniform(self, item: PreparedItem) -> float:
        seen = self.observation
        if item.spec.readout.draw == "persistent":
            return uniform(self.seed, "draw", seen.agent, item.name)
        return uniform(self.seed, "draw", seen.agent, item.name, seen.step, *self._nth)

    async def say(self, request: str | None = None) -> str | None:
        """Write a public message; empty replies are asked for again as often as the scenario allows."""
        if self.script is not None and self.script.says:
            says = self.script.says
            self.publish(says[(self.observation.step + self.observation.turn) % len(says)])
            return self.message.text if self.message is not None else None
        spec = self.observation.say or SaySpec()
        if spec.silence is not None and not await self._speaks(spec.silence):
            return None
        call = self.say_request(spec, request)
        path = self._path("say")
        for attempt in range(self.wording.retry + 1):
            reply = await self.draw(path, call, attempt)
            self.message = _message(reply, spec, self.wording.book.say_prefix)
            if self.message.status == "ok":
                return self.message.text
            if self.message.status == "failed":
                return None
        return None

    async def _speaks(self, readout: ReadoutSpec) -> bool:
        """Whether the person writes anything, as it chooses itself; a choice that cannot be read is a failed action."""
        book = self.wording.book
        question = fill(book.speak, {"topic": one_line(self.observation.topic)})
        ballot = ItemSpec(type="nominal", text=question, options=(book.speak_yes, book.speak_no), readout=readout)
        answer = await self.choose(SPEAK, ballot)
        if not isinstance(answer, Response) or answer.choice is None:
            self.effects.fail(SPEAK)
            return False
        self.effects.do("nothing" if answer.choice else SPEAK)
        return answer.choice == 0

    def say_request(self, spec: SaySpec, wish: str | None = None) -> Request:
        """The request for a public message."""
        wording, book = self.wording, self.wording.book
        text = wish if wish is not None else fill(book.say, {"topic": one_line(self.observation.topic)})
        style = wording.manner.style
        segments = [*head(book, self.context, style), Segment("user", text)]
        if book.say_prefix:
            role: Role = "assistant" if style == "chat" else "user"
            segments.append(Segment(role, book.say_prefix if style == "chat" else "\n" + book.say_prefix))
        sampling = _with_length(wording.say, spec.max_tokens, spec.stop)
        return Request("text", tuple(segments), style, sampling, model=wording.model, adapter=wording.adapter)

    def publish(self, text: str) -> None:
        """Set the public message without a call."""
        clean = one_line(text)
        self.message = Message(clean, "ok" if clean else "empty", False, text)

    async def score(self, requests: Sequence[tuple[str, Request]]) -> list[Completion | CallFailure]:
        """Scores have no draw key: equal questions are one call, whoever asks, unless the scenario wants them fresh."""
        if self.wording.fresh:
            return await self._made([(path, request, self._key(path, 0)) for path, request in requests])
        return await self._made([(path, request, None) for path, request in requests])

    async def draws(self, requests: Sequence[tuple[str, Request, int]]) -> list[Completion | CallFailure]:
        """Draws of texts, made side by side so that an engine can draw those of one prompt together."""
        return await self._made([(path, request, self._key(path, attempt)) for path, request, attempt in requests])

    async def draw(self, path: str, request: Request, attempt: int) -> Completion | CallFailure:
        """One draw of a text."""
        return await self._one(path, request, self._key(path, attempt))

    def _key(self, path: str, attempt: int) -> DrawKey:
        seen = self.observation
        return DrawKey(self.seed, seen.agent if self.drawing_as is None else self.drawing_as, seen.step, path, attempt)

    async def _one(self, path: str, request: Request, key: DrawKey | None) -> Completion | CallFailure:
        """A single call: as `_made`, without its lists, as most turns make one call only."""
        digest, asker = request.digest(), self._asked()
        self.calls.append((path, digest, "" if key is None else key.text()))
        found = asker.lookup_now(request, key, digest=digest)
        if found is not None:
            return found
        begun = time.monotonic()
        outcome = await asker.submit(request, key, priority=self.priority, digest=digest)
        if isinstance(outcome, Completion):
            self.busy_s += min(outcome.elapsed_s, time.monotonic() - begun)  # others may have asked the same earlier
        return outcome

    async def _made(self, wanted: Sequence[tuple[str, Request, DrawKey | None]]) -> list[Completion | CallFailure]:
        """Calls in program order, made side by side; outcomes in their order."""
        if len(wanted) == 1:
            return [await self._one(*wanted[0])]
        digests = [request.digest() for _, request, _ in wanted]
        self.calls += [(path, d, "" if key is None else key.text()) for (path, _, key), d in zip(wanted, digests, strict=True)]
        asker = self._asked()
        found = [asker.lookup_now(request, key, digest=d) for (_, request, key), d in zip(wanted, digests, strict=True)]
        missing = [index for index, outcome in enumerate(found) if outcome is None]
        if missing and asker.replay_only:
            del self.calls[len(self.calls) - len(wanted) + missing[0] + 1 :]  # the last one is the call that is missing
            missing = missing[:1]
        begun = time.monotonic()
        waits = [asker.submit(*wanted[i][1:], priority=self.priority, digest=digests[i]) for i in missing]
        if len(waits) == 1:
            found[missing[0]] = await waits[0]
        elif waits:
            for index, answer in zip(missing, await asyncio.gather(*waits), strict=True):
                found[index] = answer
        if missing:
            took = [outcome.elapsed_s for outcome in (found[i] for i in missing) if isinstance(outcome, Completion)]
            self.busy_s += min(max(took, default=0.0), time.monotonic() - begun)  # others may have asked the same earlier
        return [outcome for outcome in found if outcome is not None]

    def _asked(self) -> Asker:
        if self.asker is not None:
            return self.asker
        raise RuntimeError("this event only shows its prompts; it has nobody to ask")

    def observed_hash(self) -> str:
        """Hash of everything the agent saw."""
        return content_hash(content_of(self.observation), default=spec_content)

    def did_hash(self) -> str:
        """Hash of every call it made and everything that came of it, but for the words that say how."""
        responses = [answer_content(response) for response in sorted(self.responses, key=lambda response: response.item)]
        done = (sorted(self.calls), responses, self.message)
        return content_hash((*done, self.effects) if self.effects else done)


def _with_length(sampling: SamplingParams, max_tokens: int, stop: tuple[str, ...]) -> SamplingParams:
    return SamplingParams(
        sampling.temperature, sampling.top_p, sampling.top_k, sampling.min_p, sampling.repetition_penalty, max_tokens, stop
    )


def _message(reply: Completion | CallFailure, spec: SaySpec, begun: str) -> Message:
    """What a reply says to others, with the words in front with which it was ``begun``; nothing where it adds none to them."""
    if isinstance(reply, CallFailure):
        return Message("", "failed", False, "", f"{reply.kind}: {reply.message}")
    cut_off = reply.finish_reason == "length"
    own = last_sentence(reply.text) if cut_off and spec.end == "last_sentence" else reply.text
    if not any(character.isalnum() for character in own):
        return Message("", "empty", cut_off, reply.text, ParseFailure("empty", reply.text).reason)
    between = " " if begun and own[:1].isalnum() and not begun[-1:].isspace() else ""
    return Message(clean_message(begun + between + own), "ok", cut_off, reply.text)
