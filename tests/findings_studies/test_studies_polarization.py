"""Polarization: groups that go further the way they leaned, groups that meet in the middle, and people who do not listen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import pytest
from studies import against, carried_out, choosing, outcome, study

from socsim import Observation, SocialAgent

OPTIONS = ("strongly disagree", "disagree", "slightly disagree", "neither", "slightly agree", "agree", "strongly agree")


class Talker(SocialAgent):
    """States its opinion, a number from -3 to 3, and moves after what it heard by a rule."""

    declared = True
    rule: ClassVar[str] = ""

    async def act(self, observation: Observation) -> None:
        if not hasattr(self, "own"):
            lean = (self.model.world.replicate % 2) * 2 - 1
            self.own = float(lean) + float(self.generator.integers(-1, 2))
            self.heard: dict[int, float] = {}
        self.heard |= {one.author: float(match[1]) for one in observation.seen if (match := re.fullmatch(r"(-?\d+)", one.text))}
        if observation.say is not None:
            self.publish(f"{self.own:.0f}")
        for name in observation.asks:
            if name != "harbour":
                await self.ask(name)
                continue
            self.answer(name, OPTIONS[round(self.after()) + 3])

    def after(self) -> float:
        others = [value for author, value in self.heard.items() if author != self.number]
        if not others:
            return self.own
        mean = (self.own + sum(others)) / (len(others) + 1)
        if self.rule == "persuaded":  # every argument of one's own side adds to it
            return max(-3.0, min(3.0, self.own + 2.0 * (1 if mean > 0 else -1)))
        return mean if self.rule == "averaging" else self.own


class Persuaded(Talker):
    rule = "persuaded"


class Averaging(Talker):
    rule = "averaging"


@pytest.mark.parametrize(
    ("people", "extremity", "spread"),
    [(Persuaded, "same direction", "any"), (Averaging, "inconclusive", "same direction"), (Talker, "no verdict", "no verdict")],
)
def test_groups_by_their_rule(people: type[Talker], extremity: str, spread: str, tmp_path: Path) -> None:
    done = carried_out(study("polarization", replicates=10), choosing(lambda prompt: {}), tmp_path, people)
    assert outcome(against(done, "polarization.extremity", arm="treatment")) == extremity
    if spread != "any":
        assert outcome(against(done, "polarization.spread", arm="treatment")) == spread
    alone = against(done, "polarization.extremity", arm="alone")
    assert alone.values.estimate == 0.0  # who hears nobody does not move
