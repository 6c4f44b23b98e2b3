from __future__ import annotations

from socsim.scenario.document import parse_document
from socsim.scenario.places import Places, allowed_fields, listed, nearest
from socsim.scenario.root import Scenario


def test_a_field_is_found_through_short_forms_and_union_labels() -> None:
    text = "network: {graph: {ring: {k: 2}}}\narms:\n- treatment\n- {shuffled: rewire}\n- {big: {network: {directed: true}}}\n"
    places = Places(parse_document(text, "f"))
    assert places.problem(("network", "graph", "parameters", "k"), "m").column == 29
    assert places.problem(("arms", 1, "shuffle"), "m").line == 4
    assert places.problem(("arms", 2, "patch", "network", "<mapping>", "directed"), "m").field == "arms.2.big.network.directed"


def test_what_is_missing_stands_at_its_parent() -> None:
    problem = Places(parse_document("a: 1\npopulation:\n  data: x\n", "f")).problem(("population", "size"), "m")
    assert (problem.line, problem.column, problem.field) == (2, 1, "population.size")


def test_arms_may_be_a_mapping() -> None:
    places = Places(parse_document("arms:\n  a: {}\n  b: {network: {x: 1}}\n", "f"))
    assert places.problem(("arms", 1, "patch", "network", "x"), "m").field == "arms.b.network.x"


def test_the_nearest_spelling_is_proposed_only_if_it_is_near() -> None:
    assert nearest("neighbors", ["neighbours", "none"]) == "neighbours"
    assert nearest("own-last-answer", ["own_last_answer"]) == "own_last_answer"
    assert nearest("xyz", ["neighbours"]) is None
    assert listed("agee", ["age"]) == "Did you mean 'age'? Allowed: age"
    assert listed("x", []) == "Allowed: none"


def test_allowed_fields_follow_the_declared_types() -> None:
    assert "from" in allowed_fields(Scenario, ("schedule", 0, "<phase>", "interaction", "<mapping>"))
    assert set(allowed_fields(Scenario, ("prompts", "ask", "<variants>"))) >= {"any_of", "per_agent"}
    assert allowed_fields(Scenario, ("population", "facts", "age", "<mapping>")) == ("column", "labels", "unit")
    assert allowed_fields(Scenario, ("network", "graph", "parameters")) == ()
