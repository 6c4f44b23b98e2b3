"""Wording: templates with named slots, our versioned defaults, and the layout of a prompt.

A template is plain text with ``{slot}``; ``{{`` and ``}}`` are literal braces. Slots are filled in one pass and values are
never expanded again, so nothing a person, a model or a file says can reach another slot. It knows nothing of engines,
agents or the network.

Layout, from most shared to least shared text: system and persona, what is remembered and seen, then the item or the
request to speak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache

from socsim.scenario.asking import PromptsSpec

__all__ = ["DEFAULTS", "LONGEST_SHOWN", "PROMPTS_VERSION", "SLOTS", "PromptBook", "fill", "one_line", "quotable", "slots_of"]

PROMPTS_VERSION = "1"
"""Changes whenever the wording of a default changes; part of every manifest."""

LONGEST_SHOWN = 2000
"""Characters of an unreadable reply that are shown again."""

DEFAULTS: Mapping[str, str] = {
    "system": "{persona}\nYou take part in a study. Answer as this person would.",
    "seen": "People you know wrote:\n{messages}\n",
    "message": '- "{text}"',
    "own_message": 'Last time you wrote: "{text}"\n',
    "own_answer": 'Last time your answer to "{item}" was: {option}\n',
    "news": "In the news today: {text}\n",
    "recalled": "You remember:\n{memories}\n",
    "nothing_seen": "",
    "ask": "{item}\n{options}\nAnswer with the label of one option only.",
    "ask_whole": "{item}\n{options}\nAnswer with one of the options only.",
    "ask_open": "{item}\nAnswer with a number only.",
    "option": "{label}. {option}",
    "plain_option": "- {option}",
    "scale": "Scale: from {first_label} ({first}) to {last_label} ({last}).",
    "complete": "Complete this sentence: {sentence}",
    "say": 'Write one short sentence to people you know about what you think of this: "{topic}"',
    "say_prefix": "",
    "speak": 'Do you write anything to people you know about this now: "{topic}"?',
    "speak_yes": "yes",
    "speak_no": "no",
    "narrative": "{persona} {own}{seen}",
    "label_only": "Write the label alone and nothing else.",
    "ask_number": "{item}\nAnswer with one JSON object that holds one number, and nothing else: {form}",
    "ask_text": "{item}\nAnswer in your own words.",
    "ask_percent": (
        "{item}\n{options}\nHow likely are you to give each answer? State a percentage from 0 to 100 for every label; "
        "together they make 100.\nAnswer with one JSON object and nothing else: {form}"
    ),
    "ask_candidates": (
        "{item}\n{options}\nGive {answers} answers that you might give, the label of each and its probability from 0 to 1. "
        "An answer may stand several times; the probabilities together make at most 1.\n"
        "Answer with one JSON object and nothing else: {form}"
    ),
    "expert_system": "You forecast how people answer the questions of a survey.",
    "expert_group": "The forecast is for people of whom this is true:\n{persona}\n",
    "expert_population": "The forecast is for the general population.\n",
    "expert_shown": "Before they answer, they are shown this text:\n{own}{seen}\n",
    "ask_expert": (
        "The question:\n{item}\n{options}\nWhat percentage of these people gives each answer? State a percentage from 0 to 100 "
        "for every label; together they make 100.\nAnswer with one JSON object and nothing else: {form}"
    ),
    "ask_as": "{request}\nAnswer with one JSON object that follows this JSON schema, and nothing else:\n{schema}",
    "repair": "You replied: {reply}\nThat reply cannot be read: {error}.\nReply again, in the form that was asked for.",
}
"""The wording used where a scenario gives none."""

SLOTS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"persona"}),
    "seen": frozenset({"messages"}),
    "message": frozenset({"author", "text"}),
    "own_message": frozenset({"text"}),
    "own_answer": frozenset({"item", "option"}),
    "news": frozenset({"text"}),
    "recalled": frozenset({"memories"}),
    "nothing_seen": frozenset(),
    "ask": frozenset({"item", "options"}),
    "ask_whole": frozenset({"item", "options"}),
    "ask_open": frozenset({"item", "unit", "low", "high"}),
    "option": frozenset({"label", "option"}),
    "plain_option": frozenset({"option"}),
    "scale": frozenset({"first_label", "first", "last_label", "last"}),
    "complete": frozenset({"sentence"}),
    "say": frozenset({"topic"}),
    "say_prefix": frozenset(),
    "speak": frozenset({"topic"}),
    "speak_yes": frozenset(),
    "speak_no": frozenset(),
    "narrative": frozenset({"persona", "own", "seen"}),
    "label_only": frozenset(),
    "ask_number": frozenset({"item", "unit", "low", "high", "form"}),
    "ask_text": frozenset({"item"}),
    "ask_percent": frozenset({"item", "options", "form"}),
    "ask_candidates": frozenset({"item", "options", "answers", "form"}),
    "expert_system": frozenset(),
    "expert_group": frozenset({"persona"}),
    "expert_population": frozenset(),
    "expert_shown": frozenset({"own", "seen"}),
    "ask_expert": frozenset({"item", "options", "form"}),
    "ask_as": frozenset({"request", "schema"}),
    "repair": frozenset({"reply", "error"}),
}
"""The slots each template may use."""

_SLOT = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def slots_of(template: str) -> tuple[str, ...]:
    """Names of the slots of a template, in order of appearance."""
    return tuple(match[1] for match in _SLOT.finditer(template) if match[1])


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill the slots of a template, in one pass.

    Example:
        >>> fill("{a} and {{b}}", {"a": "{b}", "b": "x"})
        '{b} and {b}'

    Raises:
        KeyError: the template has a slot without a value (scenario checks prevent this).
    """

    return "".join([part if name is None else values[name] for part, name in _compiled(template)])


@lru_cache(maxsize=512)
def _compiled(template: str) -> tuple[tuple[str, str | None], ...]:
    """The template in pieces: (text, None) or ("", name of a slot)."""
    parts: list[tuple[str, str | None]] = []
    end = 0
    for match in _SLOT.finditer(template):
        parts += [(template[end : match.start()], None), ("", match[1]) if match[1] else (match[0][0], None)]
        end = match.end()
    return tuple(part for part in (*parts, (template[end:], None)) if part != ("", None))


@lru_cache(maxsize=8192)
def one_line(text: str) -> str:
    """The text on one line: control characters and line breaks become one space, ends are trimmed.

    Untrusted text goes into a prompt only in this form, so it cannot start a line, a turn or a section of its own.
    """
    return " ".join(_CONTROL.sub(" ", text).split())


def quotable(text: str) -> str:
    """`one_line` with straight and typographic double quotes turned into single ones, so it cannot end its quotation."""
    return one_line(text).replace('"', "'").replace("\u201c", "'").replace("\u201d", "'")


@lru_cache(maxsize=8192)
def _system_text(template: str, persona: str) -> str:
    return fill(template, {"persona": persona}).strip()


@dataclass(frozen=True, slots=True)
class PromptBook:
    """The wording in force: the scenario's own where given, else the defaults."""

    system: str
    seen: str
    message: str
    own_message: str
    own_answer: str
    news: str
    recalled: str
    nothing_seen: str
    ask: str
    ask_whole: str
    ask_open: str
    option: str
    plain_option: str
    scale: str
    complete: str
    say: str
    say_prefix: str
    speak: str
    speak_yes: str
    speak_no: str
    narrative: str
    label_only: str
    ask_number: str
    ask_text: str
    ask_percent: str
    ask_candidates: str
    expert_system: str
    expert_group: str
    expert_population: str
    expert_shown: str
    ask_expert: str
    ask_as: str
    repair: str

    @classmethod
    def from_spec(cls, spec: PromptsSpec) -> PromptBook:
        """Resolve the wording; the spec's files must have been read (``LoadedScenario.resolved``)."""
        own: dict[str, str] = {}
        for field in fields(cls):
            given = getattr(spec, field.name)
            if given is not None and not isinstance(given, str):
                raise TypeError(f"prompts.{field.name} has not been resolved to text")
            own[field.name] = DEFAULTS[field.name] if given is None else given
        return cls(**own)

    def system_text(self, persona: str) -> str:
        """The system message; empty where neither wording nor persona say anything."""
        return _system_text(self.system, persona)

    def seen_text(self, messages: list[tuple[str, str]]) -> str:
        """What was seen, from (author, text) pairs in order; `nothing_seen` where there are none."""
        if not messages:
            return self.nothing_seen
        lines = [fill(self.message, {"author": one_line(a), "text": quotable(t)}) for a, t in messages]
        return fill(self.seen, {"messages": "\n".join(lines)})

    def memory_text(self, own_message: str | None, own_answers: list[tuple[str, str]]) -> str:
        """What the agent remembers of itself: its last message and its last answers as (item, option) pairs."""
        parts = []
        if own_message is not None:
            parts.append(fill(self.own_message, {"text": quotable(own_message)}))
        parts += [fill(self.own_answer, {"item": one_line(i), "option": one_line(o)}) for i, o in own_answers]
        return "".join(parts)

    def news_text(self, texts: list[str]) -> str:
        """What is in the news."""
        return "".join(fill(self.news, {"text": one_line(text)}) for text in texts)

    def recalled_text(self, memories: list[str]) -> str:
        """What the agent's memory brings up, one thing a line; empty where it is nothing."""
        if not memories:
            return ""
        return fill(self.recalled, {"memories": "\n".join(f"- {one_line(memory)}" for memory in memories)})

    def expert_text(self, group: str, own: str, seen: str) -> str:
        """Whose answers an expert forecasts: people like this one, or the population where nothing is known of anybody; and
        what they have read before."""
        whose = fill(self.expert_group, {"persona": group}) if group.strip() else self.expert_population
        return whose + (fill(self.expert_shown, {"own": own, "seen": seen}) if (own + seen).strip() else "")

    def repair_text(self, reply: str, error: str) -> str:
        """The request to reply again. What was written stands on one line, as the data it is, and is shortened where long."""
        shown = one_line(reply)
        shown = shown if len(shown) <= LONGEST_SHOWN else shown[:LONGEST_SHOWN] + " …"
        return fill(self.repair, {"reply": shown, "error": one_line(error)})

    def narrative_text(self, persona: str, own: str, seen: str) -> str:
        """Bare-text layout in front of an unfinished sentence."""
        return fill(self.narrative, {"persona": persona, "own": own, "seen": seen}).strip()
