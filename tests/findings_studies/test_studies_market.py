"""Cultural markets: adding to what is chosen already makes success unequal and a matter of chance; going by taste does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from classical import Rule, alike, held, played, study
from socsim_analysis.designs.of_runs import table_of

from socsim import Run

INEQUALITY, UNPREDICTABILITY = "salganik2006.inequality", "salganik2006.unpredictability"
NONE = "none of them"


def downloads(prompt: str, option: str) -> int:
    found = re.search(rf"^- {re.escape(option)}: (\d+)$", prompt, re.MULTILINE)
    return int(found[1]) if found else 0


def taste(option: str) -> float:
    """Songs with guitars are liked, others less; the same for everybody."""
    return 1.5 if "guitar" in option else 1.0


def cumulative_advantage(prompt: str, options: Sequence[str]) -> list[float]:
    """Choices go to a song in proportion to its downloads and one more (a Pólya urn), times what it is liked."""
    return [0.2 if one == NONE else taste(one) * (1.0 + downloads(prompt, one)) for one in options]


def by_taste(prompt: str, options: Sequence[str]) -> list[float]:
    """Nobody minds what others chose."""
    del prompt
    return [0.2 if one == NONE else taste(one) for one in options]


def contrary(prompt: str, options: Sequence[str]) -> list[float]:
    """Everybody wants what few others have."""
    return [0.2 if one == NONE else taste(one) / (1.0 + downloads(prompt, one)) ** 3 for one in options]


def from_the_top(prompt: str, options: Sequence[str]) -> list[float]:
    """The first places of the list are looked at most, whatever is said of downloads."""
    listed = re.findall(r"^- (.+?)(?:: \d+)?$", prompt, re.MULTILINE)
    return [0.2 if one == NONE else 4.0 / (1.0 + listed.index(one)) ** 2 for one in options]


def market(rule: Rule, out: Path, size: int = 30, replicates: int = 5) -> Run:
    return played(study("market", population__size=size, replicates=replicates), rule, out)


@pytest.fixture(scope="module")
def followers(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return market(cumulative_advantage, tmp_path_factory.mktemp("followers") / "run", size=40, replicates=8)


def outcome(done: Run, finding: str, arm: str | None = None) -> str:
    found = held(done, finding, arm)
    assert found.verdict is not None
    return found.verdict.outcome


def test_cumulative_advantage_goes_the_way_of_people(followers: Run) -> None:
    assert outcome(followers, INEQUALITY) == "same direction"
    assert outcome(followers, UNPREDICTABILITY) == "same direction"
    assert outcome(followers, INEQUALITY, "ranked") == "same direction"


def test_a_world_is_what_the_people_in_it_chose(followers: Run) -> None:
    table = table_of(followers, "market")
    assert table is not None
    votes = followers.actions.query("kind == 'vote'")
    assert table["downloads"].sum() == len(votes) > 600
    assert (table.groupby(["arm", "world"])["song"].nunique() == 8).all()
    last = followers.seen.query("arm == 'ranked' and replicate == 0 and step == 0")
    scores = [[int(line.rsplit(" ", 1)[1]) for line in lines] for _, lines in last.groupby("agent")["text"]]
    assert all(one == sorted(one, reverse=True) for one in scores)
    assert max(sum(one) for one in scores) >= 35  # the last one has seen what all others chose


def test_taste_alone_makes_no_difference_between_arms(tmp_path: Path) -> None:
    done = market(by_taste, tmp_path / "run", size=20)
    table = table_of(done, "market")
    assert table is not None
    by_arm = table.pivot(index=["world", "song"], columns="arm", values="downloads")
    assert (by_arm["influence"] == by_arm["independent"]).all()  # the same people draw the same numbers
    assert outcome(done, INEQUALITY) == outcome(done, UNPREDICTABILITY) == "no verdict"


def test_people_who_want_what_few_have_go_the_other_way(tmp_path: Path) -> None:
    assert outcome(market(contrary, tmp_path / "run"), INEQUALITY) == "opposite direction"


def test_a_bias_for_the_top_of_the_list_shows_where_lists_are_ranked_and_nowhere_else(tmp_path: Path) -> None:
    """What the order alone does: the ranked arm cannot tell it from regard for others, the arm influence can."""
    done = market(from_the_top, tmp_path / "run", size=20)
    assert outcome(done, INEQUALITY, "ranked") == "same direction"
    assert held(done, INEQUALITY).values.estimate == pytest.approx(0.0, abs=1e-9)


def test_answers_by_chance_go_nowhere(tmp_path: Path) -> None:
    assert outcome(market(alike, tmp_path / "run", size=8), INEQUALITY) == "no verdict"
