"""What a turn leaves to remember, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from socsim.effects import Did
from socsim.event import SPEAK, Event
from socsim.items import Response
from socsim.memory.things import Thing, shortened
from socsim.observation import Seen
from socsim.prompts import fill, one_line, quotable
from socsim.scenario.remembering import MemorySpec

__all__ = ["Telling"]


class Telling:
    """Puts into words what happened.

    Args:
        spec: which things are kept, and in which words.
        questions: text of each item by name.
    """

    def __init__(self, spec: MemorySpec, questions: Mapping[str, str]) -> None:
        self._spec = spec
        self._questions = questions

    def of(self, event: Event, before: Iterable[Thing]) -> list[Thing]:
        """What the agent saw, answered, did and said in a turn, in this order.

        What it has seen before, such as the beginning of a transcript, and what it said itself is not told again as seen.

        Args:
            event: the turn.
            before: everything that the agent has kept so far.
        """
        seen, kept = event.observation, self._spec.what
        told: list[tuple[str, str, tuple[int, int] | None]] = []
        if "seen" in kept:
            told += self._seen(event, before)
        if "answered" in kept:
            told += [("answered", self._answered(one), None) for one in event.responses if isinstance(one, Response)]
        if "did" in kept:
            told += [("did", self._did(did, seen.seen), None) for did in event.effects.actions if _counts(did)]
        if "said" in kept and event.message is not None and event.message.status == "ok":
            told.append(("said", fill(self._spec.words("said"), {"text": quotable(event.message.text)}), None))
        room = self._spec.room
        return [Thing(kind, seen.step, shortened(text, room), source=source) for kind, text, source in told]

    def _seen(self, event: Event, before: Iterable[Thing]) -> list[tuple[str, str, tuple[int, int] | None]]:
        known = Counter((thing.source, thing.text) for thing in before if thing.source is not None)
        new: list[tuple[str, str, tuple[int, int] | None]] = []
        for one in event.observation.seen:
            if one.author == event.observation.agent:
                continue
            source, text = (one.author, one.step), self._read(one)
            key = (source, shortened(text, self._spec.room))
            if known[key]:
                known[key] -= 1
            else:
                new.append(("seen", text, source))
        return new

    def _read(self, one: Seen) -> str:
        if one.author < 0:
            return fill(self._spec.words("shown"), {"text": quotable(one.text)})
        name = "noticed" if one.kind and one.kind != "post" else "seen"
        return fill(self._spec.words(name), {"author": self._person(one.author), "text": quotable(one.text)})

    def _person(self, number: int) -> str:
        return fill(self._spec.words("person"), {"number": str(number + 1)})

    def _answered(self, answer: Response) -> str:
        question = self._questions.get(answer.item, answer.item)
        return fill(self._spec.words("answered"), {"item": quotable(question), "option": one_line(answer.option)})

    def _did(self, did: Did, seen: Iterable[Seen]) -> str:
        """The action with how much, to whom and about what, as far as there is any; what was seen is told in its words."""
        amount = f" {did.amount:g}" if did.amount is not None else ""
        to = f" ({self._person(did.target)})" if did.target is not None else ""
        about = next((one.text for one in seen if did.about and one.about == did.about), did.about)
        words = f': "{quotable(about)}"' if about else ""
        return fill(self._spec.words("did"), {"action": f"{one_line(did.kind)}{amount}{to}{words}"})


def _counts(did: Did) -> bool:
    return did.status == "done" and did.kind not in ("nothing", SPEAK)  # what was said is told as said
