"""Public goods: conditional cooperators decay unless they talk; those who keep everything, and chance, do not do as people do."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import pytest
from classical import Rule, alike, held, played, study
from socsim_analysis.against_people import compare_run
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.findings.registry import find_finding

from socsim import Run

FIRST, DECAY = "alsobay2025.first_contribution", "alsobay2025.decay"
TALK, BOTH = "alsobay2025.talk", "alsobay2025.punishment_with_talk"


def near(target: float, options: Sequence[str], spread: float = 2.5) -> list[float]:
    return [math.exp(-((float(one) - target) ** 2) / (2.0 * spread**2)) for one in options]


def last_round(prompt: str) -> tuple[float, list[float]] | None:
    """What the player and the others put in at the last round that the player is told of."""
    found = re.findall(r"^- you: (\d+); others: ([\d, ]+);", prompt, re.MULTILINE)
    return (float(found[-1][0]), [float(one) for one in found[-1][1].split(", ")]) if found else None


def asked_to_punish(prompt: str) -> tuple[float, float] | None:
    """What the one who may be punished put in, and the mean of all others of whom the player is told."""
    who = re.search(r"How many points of punishment for (Person \d)\?", prompt)
    if who is None:
        return None
    put = {name: float(amount) for name, amount in re.findall(r"(Person \d) put in (\d+)", prompt)}
    return put[who[1]], fmean(put.values())


def conditional(share: float = 0.8, promised: float = 1.0) -> Rule:
    """Three fifths at first, then ``share`` of what the others put in on average; ``promised`` of it where people have talked.

    Whoever put in clearly less than others is punished, and whoever was punished puts in what the others do.
    """

    def rule(prompt: str, options: Sequence[str]) -> list[float]:
        punished = asked_to_punish(prompt)
        if punished is not None:
            return near(2.0 if punished[0] < punished[1] - 3.0 else 0.0, options, 0.5)
        before = last_round(prompt)
        if before is None:
            return near(12.0, options)
        fine = re.findall(r"punishment took (\d+) from you", prompt)
        talked = "Before this round was said:" in prompt
        follow = promised if talked or (fine and float(fine[-1]) > 0.0) else share
        return near(follow * fmean(before[1]), options)

    return rule


def keeping(prompt: str, options: Sequence[str]) -> list[float]:
    """Nothing for others, whatever they do: neither points nor punishment."""
    del prompt
    return [1.0 if one == "0" else 0.0 for one in options]


def game(rule: Rule, out: Path, replicates: int = 8, rounds: int = 5) -> Run:
    spec = study("public_goods", replicates=replicates, schedule__play__repeat=rounds)
    return played(spec, rule, out, reply=lambda request, seed: "Let us all put in the same.")


@pytest.fixture(scope="module")
def cooperators(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return game(conditional(), tmp_path_factory.mktemp("cooperators") / "run")


def outcome(done: Run, finding: str) -> str:
    found = held(done, finding)
    assert found.verdict is not None
    return found.verdict.outcome


def test_conditional_cooperators_do_as_people_do(cooperators: Run) -> None:
    assert outcome(cooperators, FIRST) == "match"
    assert outcome(cooperators, DECAY) == "same direction"
    assert outcome(cooperators, TALK) == "same direction"
    assert outcome(cooperators, BOTH) == "same direction"


def test_those_who_are_told_of_no_earlier_round_cannot_decay(cooperators: Run) -> None:
    found = compare_run(cooperators, find_finding(DECAY), arm="blind")
    assert found.verdict is not None
    assert found.verdict.outcome == "inconclusive"
    assert abs(found.values.estimate) < 0.1 < abs(held(cooperators, DECAY).values.estimate)


def test_punishment_falls_on_those_who_put_in_less(cooperators: Run) -> None:
    actions = cooperators.actions.query("arm == 'punishment'")
    put = actions[actions["kind"] == "contribute"].set_index(["replicate", "step", "agent"])["amount"]
    points = actions[actions["kind"] == "punish"]
    assert len(points) == 8 * 5 * 4 * 3
    received = points.groupby(["replicate", "step", "target"])["amount"].sum()
    received.index.names = put.index.names
    mean = put.groupby(["replicate", "step"]).transform("mean")
    assert received[put < mean - 4].mean() > 2.0 > received[put > mean + 2].mean()


def test_a_round_is_a_round_of_the_table(cooperators: Run) -> None:
    table = table_of(cooperators, "public_goods")
    assert table is not None
    assert (table.groupby(["arm", "world"])["round"].nunique() == 5).all()
    assert (table["endowment"] == 20.0).all()
    assert len(table) == 5 * 8 * 4 * 5


def test_people_who_keep_everything_differ_and_do_not_decay(tmp_path: Path) -> None:
    done = game(keeping, tmp_path / "run", replicates=5, rounds=3)
    found = held(done, FIRST)
    assert found.values.estimate == 0.0
    assert [outcome(done, one) for one in (DECAY, TALK, BOTH)] == ["no verdict"] * 3


def test_amounts_by_chance_go_nowhere(tmp_path: Path) -> None:
    done = game(alike, tmp_path / "run", replicates=6, rounds=3)
    assert held(done, FIRST).values.estimate == pytest.approx(0.5, abs=0.12)
    assert {outcome(done, one) for one in (DECAY, TALK, BOTH)} == {"inconclusive"}
