"""Assignment to conditions, and which contexts a person goes through."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.network.communities import communities
from socsim.population.persona import Persona
from socsim.prompts import PromptBook
from socsim.scenario import Scenario
from socsim.trials import Trials, in_wording, level_texts


def people(size: int) -> list[Persona]:
    towns = ("north", "south", "east")
    return [Persona(n, str(n), {"age": n}, {"town": towns[n % 3 if n % 4 else 0]}) for n in range(size)]


def drawn(size: int, seed: int = 1, **parts: Any) -> Trials:
    population = {"size": size} | parts.pop("population", {})
    base = {"socsim": 1, "name": "x", "population": population, "schedule": [{"phase": "a"}]}
    spec = Scenario.model_validate(base | parts)
    return Trials.drawn(spec, people(size), seed, {name: level_texts(one, {}) for name, one in spec.conditions.items()})


def condition(assign: str, count: int = 3, **more: Any) -> dict[str, Any]:
    return {"levels": [f"l{number}" for number in range(count)], "assign": assign, **more}


def levels(trials: Trials, name: str = "c") -> list[str | None]:
    return [own[0].level(name) for own in trials.of_agent]


@given(size=st.integers(1, 40), count=st.integers(2, 6), seed=st.integers(0, 2**40))
def test_complete_assignment_is_balanced(size: int, count: int, seed: int) -> None:
    numbers = Counter({f"l{number}": 0 for number in range(count)})
    numbers.update(str(level) for level in levels(drawn(size, seed, conditions={"c": condition("complete", count)})))
    assert max(numbers.values()) - min(numbers.values()) <= 1


def test_every_level_gets_the_odd_one_out_in_turn() -> None:
    more = Counter(
        Counter(levels(drawn(4, seed, conditions={"c": condition("complete")}))).most_common(1)[0][0] for seed in range(300)
    )
    assert all(70 <= count <= 130 for count in more.values())


def test_simple_assignment_is_drawn_person_by_person() -> None:
    numbers = [Counter(levels(drawn(30, seed, conditions={"c": condition("simple", 2)})))["l0"] for seed in range(200)]
    assert 14.0 < sum(numbers) / 200 < 16.0
    assert len(set(numbers)) > 5
    few = levels(drawn(20, conditions={"c": condition("simple")}))
    assert levels(drawn(30, conditions={"c": condition("simple")}))[:20] == few


def test_communities_get_one_level_each_and_levels_equally_many_of_them() -> None:
    cliques = [[other for other in range(5 * (n // 5), 5 * (n // 5) + 5) if other != n] for n in range(30)]
    cliques[0] = [*cliques[0], 5]
    spec = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "x",
            "population": {"size": 30},
            "network": {"graph": {"ring": {}}},
            "conditions": {"c": condition("clusters", 2)},
            "schedule": [{"phase": "a"}],
        }
    )
    seen = set()
    for seed in range(40):
        trials = Trials.drawn(spec, people(30), seed, {"c": level_texts(spec.conditions["c"], {})}, communities(cliques, seed))
        found = levels(trials)
        by_clique = [set(found[5 * n : 5 * n + 5]) for n in range(6)]
        assert all(len(own) == 1 for own in by_clique)
        assert Counter(level for own in by_clique for level in own) == {"l0": 3, "l1": 3}
        named = [dict(own[0].named())["c.cluster"] for own in trials.of_agent]
        assert [len(set(named[5 * n : 5 * n + 5])) for n in range(6)] == [1] * 6
        assert len(set(named)) == 6
        seen.add(tuple(found))
    assert len(seen) > 5, "which community gets which level is drawn"


def test_blocked_assignment_is_balanced_within_each_value_of_a_fact() -> None:
    trials = drawn(
        36, conditions={"c": condition("blocked", block_by="town")}, population={"reference": {"town": "town"}, "data": "p.csv"}
    )
    for town in ("north", "south", "east"):
        own = [level for level, one in zip(levels(trials), people(36), strict=True) if one.reference["town"] == town]
        counts = Counter(own)
        assert len(own) > 3
        assert max(counts.values()) - min(counts.values()) <= 1


def test_factorial_assignment_is_balanced_over_the_combinations() -> None:
    trials = drawn(24, conditions={"c": condition("factorial"), "d": condition("factorial", 2), "e": condition("complete", 2)})
    cells = Counter(zip(levels(trials), levels(trials, "d"), strict=True))
    assert set(cells.values()) == {4}
    assert len(cells) == 6


def test_two_conditions_assigned_apart_do_not_go_together() -> None:
    trials = drawn(400, conditions={"c": condition("complete", 2), "d": condition("complete", 2)})
    together = Counter(zip(levels(trials), levels(trials, "d"), strict=True))
    assert all(70 <= count <= 130 for count in together.values())


def test_another_seed_assigns_otherwise_and_the_same_alike() -> None:
    assigned = [levels(drawn(30, seed, conditions={"c": condition("complete")})) for seed in (1, 1, 2)]
    assert assigned[0] == assigned[1] != assigned[2]


def test_a_condition_more_does_not_change_who_is_at_which_level_of_another() -> None:
    alone = levels(drawn(30, conditions={"c": condition("complete")}))
    assert levels(drawn(30, conditions={"a": condition("simple"), "c": condition("complete")})) == alone


def test_contexts_are_all_combinations_of_what_is_crossed() -> None:
    trials = drawn(
        5,
        conditions={"c": condition("each_in_own_context"), "d": condition("complete", 2)},
        population={"persona": {"renderer": ["attributes", "json"]}},
        prompts={"ask": {"any_of": ["a", "b", "c"], "per_agent": 2}, "say": {"any_of": ["x", "y"]}},
    )
    assert trials.crossed
    for own in trials.of_agent:
        assert len(own) == len(set(own)) == 3 * 2 * 2
        assert len({one.level("d") for one in own}) == 1
        assert len({dict(one.wording)["say"] for one in own}) == 1
        assert [name for name, _ in own[0].named()] == ["c", "d", "persona", "prompts.ask", "prompts.say"]


@pytest.mark.parametrize("conditions", [{}, {"c": condition("complete")}])
def test_most_people_have_one_context(conditions: dict[str, Any]) -> None:
    trials = drawn(4, conditions=conditions)
    assert not trials.crossed
    assert trials.of(3, 7) is trials.of_agent[3][0]


def test_each_wording_is_used_by_equally_many_people() -> None:
    trials = drawn(60, prompts={"ask": {"any_of": ["a", "b", "c"], "per_agent": 1}})
    assert not trials.crossed
    counts = Counter(dict(own[0].wording)["ask"] for own in trials.of_agent)
    assert set(counts.values()) == {20}
    two = drawn(6, prompts={"ask": {"any_of": ["a", "b", "c"], "per_agent": 2}})
    assert Counter(dict(one.wording)["ask"] for own in two.of_agent for one in own) == {0: 4, 1: 4, 2: 4}
    assert all(len(set(own)) == 2 for own in two.of_agent)


def test_texts_of_levels_are_their_own_names_those_given_or_none() -> None:
    spec = Scenario.model_validate({
        "socsim": 1, "name": "x", "population": {"size": 1}, "schedule": [{"phase": "a"}],
        "conditions": {"a": {"levels": ["x", "y"]}, "b": {"levels": {"x": "text", "y": None, "z": ""}},
                       "c": {"levels": {"table": "t", "column": "name", "text": "words"}}},
    })  # fmt: skip
    rows = {"t": [{"name": "x", "words": "one"}, {"name": "y", "words": ""}]}
    assert level_texts(spec.conditions["a"], rows) == {"x": "x", "y": "y"}
    assert level_texts(spec.conditions["b"], rows) == {"x": "text", "y": "", "z": ""}
    assert level_texts(spec.conditions["c"], rows) == {"x": "one", "y": ""}


def test_one_wording_is_taken_of_each_prompt() -> None:
    spec = Scenario.model_validate({
        "socsim": 1, "name": "x", "population": {"size": 1}, "schedule": [{"phase": "a"}],
        "prompts": {"ask": {"any_of": ["first", "second"]}, "say": "only"},
    })  # fmt: skip
    assert PromptBook.from_spec(in_wording(spec.prompts)).ask == "first"
    assert PromptBook.from_spec(in_wording(spec.prompts, {"ask": 1})).ask == "second"
    assert in_wording(spec.prompts).say == "only"
