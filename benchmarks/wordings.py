"""Does the model react, and to what? Ways of asking one item, held against each other: ``python -m benchmarks.wordings``.

Usage: python -m benchmarks.wordings [--model NAME] [--people N] [--only VARIANT ...]

The same people (of scenarios/neighbourhood_debate.yaml) are asked the same statement in many ways, with nothing to read, with
three messages that agree with it, and with three that disagree. What a way does not word itself is worded as in
that scenario. All figures are in scale points (1 to 7):

persona   standard deviation between people who read nothing
messages  mean of (answer after agreeing messages − answer after disagreeing ones); above 0 is towards the messages
wording   larger of the mean absolute differences between two readings that differ in order only, or in labels or frame only
mass      mean probability of all options together

Prints a line per variant and, on the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from socsim import Response, Scenario, load_scenario
from socsim.inference.factory import make_engine
from socsim.inference.manner import manner_of
from socsim.inference.types import Completion, Engine, Request
from socsim.readouts import Context, ReadoutPolicy, read_item
from socsim.world import World, build_world

SCENARIO = Path(__file__).parent.parent / "scenarios" / "neighbourhood_debate.yaml"
STATEMENT = "The government should provide fewer services in order to reduce spending."
AGREEING = (
    "I agree, the government spends too much and should do less.",
    "We should cut services and save money.",
    "Yes, fewer services and lower spending would be good for us.",
)
DISAGREEING = (
    "I disagree, people need these services.",
    "We should keep our services, even if they cost money.",
    "No, cutting services would hurt families like mine.",
)
LABELLED = {"method": "logprob", "orders": "both_directions", "labels": ["letters", "digits"]}
SEVEN = ("strongly disagree", "disagree", "slightly disagree", "neither", "slightly agree", "agree", "strongly agree")
WITH = ("strongly disagree", "disagree", "slightly disagree", "neither agree nor disagree", "slightly agree", "agree",
        "strongly agree")  # fmt: skip
QUOTE = f'"{STATEMENT[:-1]}"'


def cloze(frames: list[str], options: tuple[str, ...] = WITH, **more: Any) -> dict[str, Any]:
    """A cloze item."""
    return {"item": {"cloze_options": list(options), "readout": {"method": "cloze", "frames": frames, **more}}}


NARRATIVE = "{persona} {own}{seen}"
TALK = {
    "narrative": NARRATIVE,
    "seen": "My neighbours talked to me about it. They said:\n{messages}\n",
    "message": '"{text}"',
}
FRAMES = [
    f"When asked about the statement {QUOTE}, I said that I {{option}}.",
    f"The statement was: {QUOTE}. My answer was: I {{option}}.",
]
CLAIM = "the government should provide fewer services in order to reduce spending"
THAT = [f"I {{option}} that {CLAIM}.", f"Personally, I {{option}} that {CLAIM}."]
ANSWERED = [f"Do I agree or disagree that {CLAIM}? I {{option}}.", f"My opinion on whether {CLAIM}: I {{option}}."]
LISTED = "Complete this sentence with one of the words " + ", ".join(WITH) + ": {sentence}"
VARIANTS: dict[str, dict[str, Any]] = {
    "labels, end points": {"item": {"readout": LABELLED, "end_points_only": True}},
    "labels, all options": {"item": {"readout": LABELLED, "end_points_only": False}},
    "labels, end points, corrected": {
        "item": {"readout": {**LABELLED, "correction": "content_free"}, "end_points_only": True}
    },
    "labels, all options, corrected": {
        "item": {"readout": {**LABELLED, "correction": "content_free"}, "end_points_only": False}
    },
    "labels, bare text": {"item": {"readout": {**LABELLED, "style": "plain"}, "end_points_only": True}},
    "whole options": {"item": {"readout": {"method": "logprob", "score": "whole_option", "orders": "both_directions"}}},
    "whole options, corrected": {
        "item": {
            "readout": {
                "method": "logprob", "score": "whole_option", "orders": "both_directions", "correction": "content_free"
            }
        }
    },
    "cloze": {**cloze(FRAMES), "prompts": TALK},
    "cloze, corrected": {**cloze(FRAMES, correction="content_free"), "prompts": TALK},
    "cloze, chat": {**cloze(FRAMES, style="chat"), "prompts": TALK},
    "cloze, chat, corrected": {**cloze(FRAMES, style="chat", correction="content_free"), "prompts": TALK},
    "cloze, chat, I … that": {**cloze(THAT, style="chat"), "prompts": TALK},
    "cloze, chat, I … that, corrected": {**cloze(THAT, style="chat", correction="content_free"), "prompts": TALK},
    "cloze, chat, I … that, listed": {**cloze(THAT, style="chat"), "prompts": {**TALK, "complete": LISTED}},
    "cloze, chat, asked": {**cloze(ANSWERED, style="chat"), "prompts": TALK},
    "cloze, first person": {**cloze(FRAMES), "prompts": TALK, "renderer": "first_person"},
    "cloze, first person, corrected": {
        **cloze(FRAMES, correction="content_free"), "prompts": TALK, "renderer": "first_person"
    },
}  # fmt: skip


class Direct:
    """Calls an engine without a record."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def score(self, requests: list[tuple[str, Request]]) -> list[Completion]:
        """Scores of some requests."""
        return list(await asyncio.gather(*(self._engine.generate(request) for _, request in requests)))

    async def draws(self, requests: list[tuple[str, Request, int]]) -> list[Completion]:
        """Refused: this benchmark compares readouts that score."""
        raise TypeError(f"{requests[0][0]} draws a text; only readouts that score are compared here")


def varied(base: Scenario, variant: dict[str, Any]) -> Scenario:
    """The scenario with another way of asking."""
    spec = base.model_dump(mode="json", exclude_unset=True)
    spec["items"]["services"] |= {"readout": {}} | variant["item"]
    spec["prompts"] = {**spec.get("prompts", {}), **variant.get("prompts", {})}
    if "renderer" in variant:
        spec["population"]["persona"]["renderer"] = variant["renderer"]
    return Scenario.model_validate(spec)


def contexts(world: World, number: int) -> Iterator[Context]:
    """Nothing read, agreement read, disagreement read."""
    persona, book = world.persona_texts[number], world.wording.book
    yield Context(persona)
    for texts in (AGREEING, DISAGREEING):
        yield Context(persona, "", book.seen_text([(f"Person {i}", text) for i, text in enumerate(texts)]))


async def answers(engine: Engine, world: World, people: int) -> list[list[Response]]:
    """One row per person: answers after nothing, agreement, disagreement."""
    item = world.wording.items["services"]
    calls = Direct(engine)

    async def one(context: Context) -> Response:
        policy = ReadoutPolicy(world.wording.model, world.wording.sample, 0, "ask")
        answer = await read_item(item, context, calls, world.wording.book, policy, 0.5)  # type: ignore[arg-type]
        if not isinstance(answer, Response):
            raise SystemExit(f"no answer: {answer}")
        return answer

    flat = await asyncio.gather(*(one(c) for number in range(people) for c in contexts(world, number)))
    return [list(flat[i : i + 3]) for i in range(0, len(flat), 3)]


def expected(probabilities: tuple[float, ...]) -> float:
    """Mean on the scale 1 to 7."""
    p = np.asarray(probabilities[:7])
    return float(p @ np.arange(1, 8) / p.sum())


def movements(rows: list[list[Response]]) -> dict[str, float]:
    """The figures of one variant; see the module."""
    x = np.array([[answer.expected for answer in row] for row in rows], dtype=float)
    order, labels = [], []
    for answer in itertools.chain.from_iterable(rows):
        for left, right in itertools.combinations(answer.readings, 2):
            gap = abs(expected(left.probabilities) - expected(right.probabilities))
            if left.labels == right.labels:
                order.append(gap)
            elif left.order == right.order:
                labels.append(gap)
    return {
        "mean": float(x[:, 0].mean()),
        "persona": float(x[:, 0].std(ddof=1)),
        "messages": float((x[:, 1] - x[:, 2]).mean()),
        "share_towards": float((x[:, 1] > x[:, 2]).mean()),
        "wording": max((float(np.mean(part)) for part in (order, labels) if part), default=float("nan")),
        "mass": float(np.mean([answer.mass for row in rows for answer in row])),
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--only", nargs="*", default=list(VARIANTS), choices=list(VARIANTS))
    arguments = parser.parse_args()
    loaded = load_scenario(SCENARIO)
    base = loaded.resolved()
    engine = make_engine(base.inference.model_copy(update={"model": arguments.model, "engine": "embedded"}), SCENARIO.parent)
    results: dict[str, Any] = {}
    try:
        for name in arguments.only:
            spec = varied(base, VARIANTS[name])
            world = build_world(spec, spec.arms[0], 0, SCENARIO.parent, manner_of(engine.capabilities()))
            begun = time.monotonic()
            results[name] = movements(asyncio.run(answers(engine, world, arguments.people)))
            figures = "  ".join(f"{key} {value:+.2f}" for key, value in results[name].items())
            print(f"{name:34} {figures}  ({time.monotonic() - begun:.0f} s)", flush=True)
    finally:
        engine.close()
    print(json.dumps({"model": arguments.model, "people": arguments.people, "variants": results}))


if __name__ == "__main__":
    main()
