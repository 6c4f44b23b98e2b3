"""Echo chambers: people who follow their like, those who follow the other side, and those who follow anybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from classical import Rule, alike, held, played, study
from socsim_analysis.against_people import compare_run
from socsim_analysis.designs import STATISTICS
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.findings.registry import find_finding

from socsim import Run
from socsim.inference.types import Request

ECHO, EI = "cinelli2021.echo", "larooij2025.ei_index"
FOLLOW = "follow the author of one of these posts"
STEPS = 6


def side(text: str) -> str:
    party = re.search(r"party: ([\w-]+ ?[\w-]*)", text)
    assert party is not None
    return "blue" if "Democrat" in party[1] else "red"


def writes(request: Request, seed: int) -> str:
    """A post shows the side of who writes it."""
    text = "\n".join(segment.text for segment in request.segments)
    return f"A {side(text)} day for Brennach." if "Write your post" in text else "no"


def drawn_to(like: float, unlike: float) -> Rule:
    """Posts at first; then follows authors with these weights, of the own side and of others, wherever any is shown."""

    def rule(prompt: str, options: Sequence[str]) -> list[float]:
        posts = dict(re.findall(r'^(\d+)\. .*?"A (\w+) day', prompt, re.MULTILINE))
        own = side(prompt)
        if FOLLOW in options:
            wanted = any((like if colour == own else unlike) > 0.1 for colour in posts.values())
            return [float(one == (FOLLOW if wanted else "write a post of your own")) for one in options]
        if options[0].startswith("post "):
            return [like if posts[one.removeprefix("post ")] == own else unlike for one in options]
        return [float(one == "write a post of your own") for one in options]

    return rule


def feed(rule: Rule, out: Path) -> Run:
    spec = study("echo_chamber", population__size=16, schedule__scroll__repeat=STEPS, replicates=6)
    return played(spec, rule, out, writes)


@pytest.fixture(scope="module")
def chambers(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return feed(drawn_to(1.0, 0.01), tmp_path_factory.mktemp("chambers") / "run")


def outcome(done: Run, finding: str) -> str:
    found = held(done, finding)
    return found.verdict.outcome if found.verdict is not None else "described"


def test_people_who_follow_their_like_end_in_chambers_whoever_they_followed_at_first(chambers: Run) -> None:
    assert outcome(chambers, ECHO) == "same direction"
    start = compare_run(chambers, find_finding(ECHO), arm="feed: at the start")
    assert start.verdict is not None
    assert start.verdict.outcome == "inconclusive"
    assert held(chambers, ECHO).values.estimate > start.values.estimate + 0.2
    assert held(chambers, EI).values.estimate < -0.3
    assert outcome(chambers, EI) == "described"  # the finding is of another simulation, not of people


def test_ties_are_those_of_the_run_at_its_end(chambers: Run) -> None:
    table = table_of(chambers, "echo_chamber")
    assert table is not None
    for when, arm in ((0, "feed: at the start"), (STEPS + 1, "feed")):
        graph = chambers.graph_at(when, "feed", 2)
        rows = table[(table["arm"] == arm) & (table["world"] == "replicate 2")].set_index("person")
        assert {str(person): n for person, n in graph.out_degree} == rows["followers"].to_dict()
        assert {str(person): n for person, n in graph.in_degree} == (rows["followed_own"] + rows["followed_other"]).to_dict()
        leanings = rows["leaning"]
        for person in graph:
            read = [leanings[str(author)] for author in graph.predecessors(person)]
            if read:
                assert rows.loc[str(person), "leaning_followed"] == pytest.approx(sum(read) / len(read))
    assert STATISTICS["echo_chamber.ei_index"](table, arm="feed").estimate == held(chambers, EI).values.estimate


def test_people_who_follow_the_other_side_go_the_other_way(tmp_path: Path) -> None:
    assert outcome(feed(drawn_to(0.01, 1.0), tmp_path / "run"), ECHO) == "opposite direction"


def test_people_who_follow_anybody_stay_as_mixed_as_they_were(tmp_path: Path) -> None:
    done = feed(alike, tmp_path / "run")
    assert outcome(done, ECHO) == "inconclusive"
    assert abs(held(done, EI).values.estimate) < 0.3
