"""Wisdom of crowds and conformity: people with the published weight or rate do not differ, others do."""

from __future__ import annotations

import math
from pathlib import Path
from typing import ClassVar

import pytest
from studies import against, carried_out, choosing, outcome, study

from socsim import Observation, SocialAgent

TRUTHS = {"jar": 1240.0, "shelf": 8600.0}


class Estimator(SocialAgent):
    """Estimates with a log-normal error around two thirds of the truth, then moves to what it is shown by a weight."""

    declared = True
    weight: ClassVar[float] = 0.0

    def own_weight(self) -> float:
        return self.weight

    async def act(self, observation: Observation) -> None:
        for item in observation.asks:
            if item not in TRUTHS:
                await self.ask(item)
                continue
            before = dict(observation.own_answers).get(item)
            if before is None:
                guess = TRUTHS[item] * 0.66 * math.exp(0.7 * float(self.generator.standard_normal()))
            else:
                shown = dict(observation.facts).get("shown")
                own = float(before.replace(",", ""))
                guess = own + self.own_weight() * (float(shown) - own) if shown is not None else own
            self.answer(item, max(1.0, min(100_000.0, round(guess))))


class Weighing(Estimator):
    weight = 0.38


class Differing(Estimator):
    """A fifth never move, the others each with a weight of their own; .38 in the mean, as published."""

    def own_weight(self) -> float:
        if not hasattr(self, "drawn"):
            draws = self.generator.random(2)
            self.drawn = 0.0 if draws[0] < 0.218 else 0.97 * float(draws[1])
        return self.drawn


class Deaf(Estimator):
    weight = 0.0


class Copying(Estimator):
    weight = 1.0


def test_people_with_the_published_weight_do_not_differ_and_others_do(tmp_path: Path) -> None:
    arms = {"decentralised": {"network": {"graph": {"random_regular": {"d": 4}}}}}
    spec = study("crowds", replicates=12, arms=arms)
    done = carried_out(spec, choosing(lambda prompt: {}), tmp_path / "weighing", Weighing)
    found = against(done, "becker2017.weight_on_peers", arm="decentralised")
    assert found.values.estimate == pytest.approx(0.38, abs=0.02)
    assert outcome(found) == "match"
    assert against(done, "becker2017.spread_ratio", arm="decentralised").values.estimate < 0.5  # all alike, they come closer
    done = carried_out(spec, choosing(lambda prompt: {}), tmp_path / "differing", Differing)
    assert outcome(against(done, "becker2017.weight_on_peers", arm="decentralised")) in ("match", "inconclusive")
    assert outcome(against(done, "becker2017.spread_ratio", arm="decentralised")) in ("match", "inconclusive")
    done = carried_out(spec, choosing(lambda prompt: {}), tmp_path / "copying", Copying)
    assert outcome(against(done, "becker2017.spread_ratio", arm="decentralised")) == "differ"
    done = carried_out(spec, choosing(lambda prompt: {}), tmp_path / "deaf", Deaf)
    assert against(done, "becker2017.spread_ratio", arm="decentralised").values.estimate == pytest.approx(1.0)


class Yielding(SocialAgent):
    """Sees the lines well, and says what all others say with a chance of its own."""

    declared = True
    chance: ClassVar[float] = 0.367

    async def act(self, observation: Observation) -> None:
        items = self.model.world.wording.items
        for name in observation.asks:
            right = items[name].spec.right
            if right is None or self.number > 0:  # confederates follow their script
                await self.ask(name)
                continue
            said = {one.text for one in observation.seen}
            self.answer(name, said.pop() if len(said) == 1 and self.generator.random() < self.chance else right)


class Always(Yielding):
    chance = 1.0


def test_people_who_yield_as_often_do_not_differ_and_people_who_always_do_differ(tmp_path: Path) -> None:
    done = carried_out(study("asch", replicates=30), choosing(lambda prompt: {}), tmp_path / "yielding", Yielding)
    found = against(done, "asch1956.error_share")
    assert found.values.estimate == pytest.approx(0.367, abs=0.06)
    assert outcome(found) in ("match", "inconclusive")
    assert outcome(against(done, "franzen2023.lines")) in ("match", "inconclusive")
    class_ = type("Mostly", (Yielding,), {"chance": 0.8})
    done = carried_out(study("asch", replicates=8), choosing(lambda prompt: {}), tmp_path / "always", class_)
    assert outcome(against(done, "asch1956.error_share")) == "differ"
