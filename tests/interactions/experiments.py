"""Survey experiments made small: people who say their number, run by a script, with every prompt kept."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from socsim import Run, ScriptedEngine, run
from socsim.inference.types import Request
from socsim.model import Execution

ITEMS = """
  support: {type: ordinal, text: "Do you support it?", options: ["no", "rather no", "rather yes", "yes"],
            readout: {orders: fixed, labels: [letters]}}
  worth: {type: ordinal, text: "Is it worth it?", options: ["no", "yes"], readout: {orders: fixed, labels: [letters]}}
  cost: {type: number, text: "What does it cost?", range: [0, 100], readout: {method: sample}}
"""
HEAD = """
socsim: 1
name: experiment
seed: 4
population: {size: SIZE, data: people.csv, facts: {number: number, town: town},
             persona: {renderer: second_person, facts: [number]}}
prompts: {}
items:
"""
TAIL = """
failures: {retry: 0, complete_below: 1.0}
inference: {engine: scripted, model: scripted}
"""


@dataclass
class Asked:
    """A finished run and the prompts of all its calls, in the order in which they were asked."""

    run: Run
    prompts: list[str] = field(default_factory=list)

    def of(self, number: int, question: str) -> list[str]:
        """Prompts of a person with a question."""
        return [text for text in self.prompts if re.search(rf"number: {number}\b", text, re.I) and question in text]


def written(folder: Path, rest: str, *, size: int = 6, replace: dict[str, str] | None = None) -> Path:
    """A scenario file of an experiment, with people who differ in number and town."""
    rows = "".join(f"{number},{'north' if number % 3 else 'south'}\n" for number in range(size))
    (folder / "people.csv").write_text("number,town\n" + rows)
    text = HEAD.replace("SIZE", str(size)) + ITEMS + rest + TAIL
    for old, new in (replace or {}).items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "experiment.yaml"
    path.write_text(text)
    return path


def asked(path: Path, out: Path, *, execution: Execution = "dependencies", latency_seed: int = 0, reply: str = "7") -> Asked:
    """Run it, holding reads and writes against what is declared; scores are hashes of the prompt."""
    prompts: list[str] = []

    def scores(request: Request) -> tuple[float, ...]:
        prompts.append(prompt_of(request))
        digest = hashlib.sha256(prompts[-1].encode()).digest()
        return tuple(-1.0 - digest[index] / 64 for index in range(len(request.candidates)))

    def replied(request: Request, seed: int) -> str:
        prompts.append(prompt_of(request))
        return reply

    unrelated = random.Random(latency_seed)
    engine = ScriptedEngine(replied, scores, latency=lambda _request, _seed: unrelated.random() ** 3 * 0.004)
    return Asked(run(path, out=out, engine=engine, execution=execution, checked=True), prompts)


def prompt_of(request: Request) -> str:
    """A prompt as text."""
    return "\n".join(f"{segment.role}: {segment.text}" for segment in request.segments)


def level_of(done: Asked, name: str, arm: str = "treatment") -> dict[int, list[str]]:
    """Everybody's levels of something, in the order of its turns."""
    rows = done.run.trials
    rows = rows[(rows["name"] == name) & (rows["arm"] == arm)]
    numbers = dict(zip(done.run.agents["agent"], done.run.agents["fact_number"], strict=False))
    found: dict[int, list[str]] = {}
    for agent, level in zip(rows["agent"], rows["level"], strict=True):
        found.setdefault(int(numbers[agent]), []).append(str(level))
    return found
