"""A run that never ran: frames of a small debate with a known weight on neighbours, for tests of the analysis."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from socsim_analysis.frames import Snapshot

from socsim.scenario import Scenario

OPTIONS = ("strongly disagree", "disagree", "slightly disagree", "neither", "slightly agree", "agree", "strongly agree")
SCALE = np.arange(1.0, 8.0)
READINGS = (("forward", "letters"), ("backward", "letters"), ("forward", "digits"), ("backward", "digits"))


@dataclass(frozen=True)
class Recipe:
    """What the fake people do. ``weight`` is DeGroot's w in every arm but ``alone``, where it is 0."""

    weight: float = 0.4
    drift: float = 0.0
    noise: float = 0.0
    order_shift: float = 0.1
    replicates: int = 1
    steps: int = 5
    at_most: int | None = 3
    arms: tuple[Any, ...] = ("treatment", "alone", {"shuffled": "permute_people"})
    failing: frozenset[tuple[str, int, int]] = frozenset({("treatment", 2, 5)})
    words: dict[str, str] = field(default_factory=dict)


def scenario(recipe: Recipe, **changes: Any) -> Scenario:
    """A neighbourhood debate as declared."""
    spec: dict[str, Any] = {
        "socsim": 1,
        "name": "neighbourhood_debate",
        "question": recipe.words.get("question", "Does talk among neighbours pull private opinions together?"),
        "source": recipe.words.get("source", "exploratory; no human counterpart, so no verdict"),
        "seed": 20,
        "replicates": recipe.replicates,
        "population": {"size": 34, "data": "statsmodels/anes96", "facts": {"age": "age"}, "reference": {"ideology": "selfLR"}},
        "network": {"graph": {"name": "karate_club"}},
        "items": {
            "services": {
                "type": "ordinal",
                "text": recipe.words.get("item", "The government should provide fewer services in order to reduce spending."),
                "options": [recipe.words.get("option", OPTIONS[0]), *OPTIONS[1:]],
            }
        },
        "schedule": [
            {"phase": "before", "ask": ["services"]},
            {
                "phase": "talk",
                "repeat": max(1, recipe.steps - 1),
                "interaction": {"kind": "neighbours", "at_most": recipe.at_most},
                "ask": ["services"],
                "say": {"max_tokens": 28},
            },
        ],
        "arms": list(recipe.arms),
        "baselines": ["degroot", "friedkin_johnsen"],
        "inference": {"engine": "scripted"},
    }
    return Scenario.model_validate(spec | changes)


def probabilities(x: float) -> tuple[float, ...]:
    """A distribution over the seven options whose mean is exactly x (1 to 7): binomial."""
    p = (x - 1.0) / 6.0
    weights = [float(p**k * (1 - p) ** (6 - k) * w) for k, w in enumerate((1, 6, 15, 20, 15, 6, 1))]
    return tuple(weights)


class Builder:
    """Collects the rows of all worlds."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("agents", "ties", "messages", "responses", "readings", "seen", "calls", "events")
        }
        self.spec = scenario(recipe)

    def world(self, arm: str, replicate: int) -> None:
        rng = np.random.default_rng([replicate, 7])
        graph = nx.karate_club_graph()
        node = rng.permutation(34)
        ideology = rng.integers(1, 8, 34)
        x = np.clip(1.8 + 0.6 * ideology + rng.normal(0, 0.5, 34), 1.2, 6.8)
        if arm == "shuffled":
            node = np.random.default_rng(99).permutation(node)
        agent_on = np.argsort(node)
        read = [sorted(int(agent_on[v]) for v in graph[int(node[i])]) for i in range(34)]
        where = {"arm": arm, "replicate": replicate}
        for i in range(34):
            self._person(where, i, int(node[i]), int(ideology[i]))
            self.rows["ties"] += [{**where, "author": a, "reader": i, "weight": 1.0} for a in read[i]]
        shocks = np.random.default_rng([replicate, 8])
        for step in range(self.recipe.steps):
            if step > 0:
                x = self._next(where, step, x, read, shocks)
            for i in range(34):
                self._answer(where, step, i, float(x[i]))
                if step > 0:
                    self._message(where, step, i, float(x[i]))

    def _next(
        self, where: dict[str, Any], step: int, x: np.ndarray, read: list[list[int]], rng: np.random.Generator
    ) -> np.ndarray:
        after = x + self.recipe.drift + self.recipe.noise * rng.normal(size=34)
        for i in range(34):
            order = np.random.default_rng([step, i]).permutation(read[i])
            authors = order[: self.recipe.at_most].tolist()
            failing = {a for a in authors if (where["arm"], step - 1, a) in self.recipe.failing}
            authors = [a for a in authors if a not in failing]
            if step < 2 or where["arm"] == "alone" or not authors:
                continue
            after[i] += self.recipe.weight * (np.mean(x[authors]) - x[i])
            for position, a in enumerate(authors):
                row = {"step": step, "agent": i, "position": position, "author": a, "author_step": step - 1}
                self.rows["seen"].append({**where, **row, "text": self._text(step - 1, a, float(x[a]))})
        return np.clip(after, 1.05, 6.95)

    def _person(self, where: dict[str, Any], i: int, node: int, ideology: int) -> None:
        party = self.recipe.words.get("party", "Democrat") if ideology < 4 else "Republican"
        self.rows["agents"].append({
            **where,
            "agent": i,
            "node": str(node),
            "source_id": str(100 + i),
            "weight": 1.0,
            "persona": self.recipe.words.get("persona", f"You are {30 + i} years old and see yourself as a {party}."),
            "model": "fake",
            "fact_age": 30 + i,
            "fact_party": party,
            "reference_ideology": ideology,
            "reference_region": None if i == 0 else ("north", "south")[i % 2],
        })  # fmt: skip

    def _text(self, step: int, i: int, x: float) -> str:
        stance = "cut the services" if x < 4 else "keep the services"
        return self.recipe.words.get("message", f"I think we should {stance}, as I said at step {step // 2}.")

    def _message(self, where: dict[str, Any], step: int, i: int, x: float) -> None:
        status = "failed" if (where["arm"], step, i) in self.recipe.failing else "empty" if (step, i) == (3, 7) else "ok"
        text = self._text(step, i, x) if status == "ok" else ""
        failure = "timed_out: no answer in time" if status == "failed" else ""
        row = {"step": step, "phase": "talk", "agent": i, "text": text, "status": status, "cut_off": i % 11 == 0}
        self.rows["messages"].append({**where, **row, "raw": text, "failure": failure})

    def _answer(self, where: dict[str, Any], step: int, i: int, x: float) -> None:
        row: dict[str, Any] = {**where, "step": step, "phase": "before" if step == 0 else "talk", "agent": i, "item": "services"}
        row |= {"method": "logprob", "raw": ""}
        if (where["arm"], step, i) in self.recipe.failing:
            empty = dict.fromkeys(("choice", "value", "expected", "entropy", "mass", "u"))
            self.rows["responses"].append(
                {**row, "status": "failed", "option": "", **empty, "probabilities": [], "failure": "no_match"}
            )
            return
        p = probabilities(x)
        u = float(np.random.default_rng([i, 3]).random())
        choice = min(int(np.searchsorted(np.cumsum(p), u, side="right")), 6)
        answer = {"status": "answered", "option": self.spec.items["services"].options[choice], "choice": choice}  # type: ignore[index]
        answer |= {"value": float(choice + 1), "expected": x, "entropy": 1.0, "mass": 0.2, "u": u}
        self.rows["responses"].append({**row, **answer, "probabilities": list(p), "failure": ""})
        for number, (order, labels) in enumerate(READINGS):
            shift = self.recipe.order_shift * (0.5 if order == "forward" else -0.5)
            shifted = probabilities(float(np.clip(x + shift, 1.0, 7.0)))
            reading = {"reading": number, "order": order, "labels": labels, "mass": 0.2, "probabilities": list(shifted)}
            kept = ("arm", "replicate", "step", "phase", "agent", "item")
            self.rows["readings"].append({key: row[key] for key in kept} | reading)


class ShownSnapshot(Snapshot):
    """A snapshot that can also show a prompt, as a run folder can."""

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
        return f"agent {agent}, step {step}, arm {arm}\n[system]\n  {self.agents['persona'][agent]}\n"


MANIFEST: dict[str, Any] = {
    "socsim": "0.1.0", "format": 1, "name": "neighbourhood_debate", "seed": 20, "status": "complete",
    "scenario_sha256": "0f" * 32, "started": "2030-01-02T03:04:05Z", "finished": "2030-01-02T03:09:05Z", "elapsed_s": 300.4,
    "git_commit": "abcdef0", "python": "3.11.9", "prompts_version": "1", "complete_below": 0.05,
    "packages": {"numpy": "2.0"}, "engine": {"engine": "embedded", "model": "smollm2-135m", "file_sha256": "ab" * 32,
    "quantisation": "Q4_1", "version": "1", "settings": [["threads", "2"]]},
    "counts": {"events": 510, "calls": 1400, "replayed": 0, "deduplicated": 12, "failures": 2, "prompt_tokens": 400_000,
    "cached_tokens": 290_000, "completion_tokens": 11_000}, "tables": {},
}  # fmt: skip

_CALL = {"digest": "00", "draw": "", "kind": "score", "status": "ok", "text": "", "finish_reason": "scored",
         "logprobs": [-1.0], "prompt_tokens": 300, "cached_tokens": 200, "completion_tokens": 0, "elapsed_s": 0.1, "attempts": 1,
         "failure": ""}  # fmt: skip


def fake_run(recipe: Recipe | None = None, path: Path = Path("nowhere"), **manifest: Any) -> ShownSnapshot:
    """All worlds of a recipe as a run."""
    recipe = recipe or Recipe()
    builder = Builder(recipe)
    for replicate in range(recipe.replicates):
        for arm in builder.spec.arms:
            builder.world(arm.name, replicate)
    builder.rows["calls"] = [_CALL, {**_CALL, "digest": "01", "kind": "text", "status": "failed", "failure": "timed_out: late"}]
    columns = {"seen": ["arm", "replicate", "step", "agent", "position", "author", "author_step", "text"]}
    columns["events"] = ["arm", "replicate", "step", "phase", "agent", "observed", "did", "calls", "turn"]
    frames = {name: pd.DataFrame(rows, columns=columns.get(name)) for name, rows in builder.rows.items()}
    status = manifest.get("status", "complete")
    return ShownSnapshot(path, MANIFEST | manifest, builder.spec, str(status), **frames)


def money_run(path: Path = Path("nowhere"), percent: tuple[float, ...] = (4, 0, 3, 6, 1, 6, 32, 30, 12, 6)) -> Snapshot:
    """108 answers to the 11–20 money request game, all with the same probabilities."""
    options = [str(number) for number in range(11, 21)]
    spec = Scenario.model_validate({
        "socsim": 1,
        "name": "money_request_11_20",
        "source": "Arad & Rubinstein 2012",
        "population": {"size": 108},
        "items": {"request": {"type": "ordinal", "text": "Ask for 11 to 20.", "options": options}},
        "schedule": [{"phase": "play", "ask": ["request"]}],
        "compare": [{"finding": "money_request.basic", "distances": ["tv", "w1", "js"], "floor": "human_sampling"}],
        "inference": {"engine": "scripted"},
    })  # fmt: skip
    p = np.asarray(percent, dtype=float) / sum(percent)
    choices = np.random.default_rng(2).choice(10, size=108, p=p)
    world = {"arm": "treatment", "replicate": 0}
    agents = [
        {**world, "agent": i, "node": "", "source_id": str(i), "weight": 1.0, "persona": "", "model": "m"} for i in range(108)
    ]
    answers = [
        {**world, "step": 0, "phase": "play", "agent": i, "item": "request", "method": "logprob", "status": "answered",
         "option": options[c], "choice": c, "value": 11.0 + c, "expected": float(p @ np.arange(11, 21)), "entropy": 1.0,
         "mass": 0.6, "u": 0.5, "probabilities": p.tolist(), "failure": "", "raw": ""} for i, c in enumerate(choices.tolist())
    ]  # fmt: skip
    readings = [
        {**world, "step": 0, "phase": "play", "agent": i, "item": "request", "reading": k, "order": order, "labels": "whole",
         "mass": 0.6, "probabilities": np.roll(p, k).tolist()}
        for i in range(108) for k, order in enumerate(("forward", "backward"))
    ]  # fmt: skip
    ties = pd.DataFrame(columns=["arm", "replicate", "author", "reader", "weight"])
    seen = pd.DataFrame(columns=["arm", "replicate", "step", "agent", "position", "author", "author_step", "text"])
    messages = pd.DataFrame(columns=["arm", "replicate", "step", "phase", "agent", "text", "status", "cut_off", "raw", "failure"])
    events = pd.DataFrame(columns=["arm", "replicate", "step", "phase", "agent", "observed", "did", "calls"])
    tables = [pd.DataFrame(rows) for rows in (agents, answers, readings)]
    manifest = MANIFEST | {"name": spec.name, "counts": {"calls": 2, "events": 108}}
    calls = pd.DataFrame([_CALL])
    return Snapshot(path, manifest, spec, "complete", tables[0], ties, messages, tables[1], tables[2], seen, calls, events)
