"""What a run will take, from carrying it out against an engine that only counts: calls, tokens, money and time as ranges.

The prompts are the real ones, the tokenizer is the model's own where it is at hand, and stand-ins take the place of what
others will write. It asks no model; see `socsim.estimating` for a probe.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from socsim.carrying import ProgressMeter, carry_out
from socsim.inference.dry import Counts, DryEngine, TellingClient
from socsim.inference.prices import Price, cost_usd, price_for
from socsim.inference.types import Engine, Request, Usage
from socsim.record.store import RecordStore
from socsim.scenario.engines import BudgetSpec, InferenceSpec, LimitsSpec
from socsim.session import Session
from socsim.staging import count_turns
from socsim.world import World

__all__ = ["REPLY_SHARE", "Counted", "Estimate", "Probe", "Range", "count_run", "forecast_of"]

REPLY_SHARE = 0.7
"""Expected length of a text as a share of the longest allowed, where nothing is known of the model."""
_UNSURE = 0.25
"""Half of the range around a number of tokens that was judged by characters."""
_MOST_EVENTS = 20_000
"""Agent-steps that are carried out; of a longer run only a part of about so many is, and scaled up."""


@dataclass(frozen=True, slots=True)
class Range:
    """A number with its lowest and highest plausible values."""

    low: float
    typical: float
    high: float


@dataclass(frozen=True, slots=True)
class Probe:
    """A few real calls: how fast an engine computes, how long its texts are, and what part of shared beginnings it reuses."""

    tokens_per_s: float
    reply_share: float
    reused: float
    calls: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take.

    ``unshared_calls`` would be asked if equal questions were not one call; ``computed_tokens`` are those of prompts that no
    prefix cache holds, between perfect sharing and none. ``usd`` and ``seconds`` are None where nothing is known.
    """

    agent_steps: int
    calls: int
    unshared_calls: int
    texts: int
    scores: int
    prompt_tokens: Range
    computed_tokens: Range
    output_tokens: Range
    usd: Range | None
    seconds: Range | None
    price: str
    probe: Probe | None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """All numbers by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Counted:
    """A run carried out without a model."""

    counts: Counts
    agent_steps: int
    unshared_calls: int
    exact: bool
    scale: float
    examples: tuple[Request, ...] = ()


def count_run(
    spec: InferenceSpec,
    worlds: Sequence[World],
    engine: Engine,
    folder: Path | None,
    *,
    reply_share: float = REPLY_SHARE,
    keep: int = 0,
) -> Counted:
    """Carry a run out without a model and count what it asks.

    Args:
        spec: the scenario's inference part.
        worlds: all worlds of the run.
        engine: whose abilities and tokenizer count.
        folder: folder of the scenario's files.
        reply_share: expected length of a text as a share of the longest allowed.
        keep: requests to keep as examples, about.
    """
    dry = DryEngine(engine, reply_share, keep)
    total = sum(count_turns(world) for world in worlds)
    chosen, scale = _part([_lenient(world) for world in worlds], total)
    plain = spec.model_copy(update={"batch": None, "budget": BudgetSpec(), "limits": LimitsSpec()})
    with tempfile.TemporaryDirectory(prefix="socsim-") as place:
        store = RecordStore.create(Path(place) / "record.sqlite", {"name": "estimate"})
        with Session(store, dry, plain) as session:
            session.client = TellingClient(dry, store)
            carry_out(chosen, session, lambda _: None, ProgressMeter(chosen, session, None), folder=folder)
            stats = session.client.stats
            unshared = stats.calls + stats.deduplicated + stats.replayed
    return Counted(dry.counts, total, unshared, dry.exact, scale, tuple(dry.examples))


def _lenient(world: World) -> World:
    """The world as it goes on where a stand-in is no answer, whatever the scenario says of real ones."""
    failures = world.spec.failures.model_copy(update={"then": "exclude"})
    return replace(world, spec=world.spec.model_copy(update={"failures": failures}))


def _part(worlds: Sequence[World], total: int) -> tuple[Sequence[World], float]:
    """The worlds to carry out, cut to so many steps that it takes seconds, and the factor back to the whole."""
    if total <= _MOST_EVENTS:
        return worlds, 1.0
    first = worlds[:1]
    steps = max(2, _MOST_EVENTS // max(1, len(first[0].personas)))
    cut = [replace(world, steps=world.steps[:steps]) for world in first]
    return cut, total / max(1, sum(count_turns(world) for world in cut))


def forecast_of(spec: InferenceSpec, counted: Counted, probe: Probe | None = None) -> Estimate:
    """Ranges from counts.

    Prompt tokens: as counted; ± 25 % where they were judged by characters. Computed tokens: from perfect sharing of
    beginnings to none. Output: from a fifth of the expected to the longest allowed. Money: with all shared beginnings from
    the provider's cache, to none of them. Time: computed and output tokens over the probe's tokens per second.
    """
    counts, scale = counted.counts, counted.scale
    unsure = 0.0 if counted.exact else _UNSURE
    prompt = counts.prompt_tokens * scale
    shared = counts.shared_tokens * scale
    reused = probe.reused if probe is not None else 0.5
    shortest = max(counts.texts, 0.2 * counts.reply_tokens)
    output = Range(shortest * scale, counts.reply_tokens * scale, counts.longest_reply_tokens * scale)
    prompts = Range(prompt * (1 - unsure), prompt, prompt * (1 + unsure))
    computed = Range((prompt - shared) * (1 - unsure), prompt - reused * shared, prompt * (1 + unsure))
    price = price_for(spec)
    notes = []
    if not counted.exact:
        notes.append("tokens are judged from the number of characters, as the model's tokenizer is not at hand")
    if scale > 1.0:
        notes.append(f"counted on a part of the run and scaled up by {scale:.1f}")
    if spec.engine == "openai" and price is None:
        notes.append("no price is known for this model; give inference.prices")
    return Estimate(
        agent_steps=counted.agent_steps,
        calls=round(counts.calls * scale),
        unshared_calls=round(counted.unshared_calls * scale),
        texts=round(counts.texts * scale),
        scores=round(counts.scores * scale),
        prompt_tokens=prompts,
        computed_tokens=computed,
        output_tokens=output,
        usd=_money(price, prompts, shared, reused, output, batch=spec.batch is not None),
        seconds=_time(probe, prompt, shared, output),
        price="" if price is None else f"{price.source} {price.date}".strip(),
        probe=probe,
        notes=tuple(notes),
    )


def _money(price: Price | None, prompt: Range, shared: float, reused: float, output: Range, *, batch: bool) -> Range | None:
    if price is None:
        return None

    def cost(prompt_tokens: float, cached: float, replies: float) -> float:
        return cost_usd(price, Usage(int(prompt_tokens), int(replies), int(min(cached, prompt_tokens))), batch=batch)

    return Range(
        cost(prompt.low, shared, output.low),
        cost(prompt.typical, reused * shared, output.typical),
        cost(prompt.high, 0, output.high),
    )


def _time(probe: Probe | None, prompt: float, shared: float, output: Range) -> Range | None:
    if probe is None or probe.tokens_per_s <= 0:
        return None
    worst = prompt - 0.5 * probe.reused * shared
    return Range(
        (prompt - shared + output.low) / probe.tokens_per_s,
        (prompt - probe.reused * shared + output.typical) / probe.tokens_per_s,
        1.5 * (worst + output.high) / probe.tokens_per_s,
    )
