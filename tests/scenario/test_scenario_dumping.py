from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from socsim.scenario import Scenario, dump_scenario, load_scenario
from socsim.scenario.document import parse_document

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
TRICKY = st.sampled_from(
    ["no", "12:30", "007", "~", "", " a",
     "a ", "a: b", "- a", "#a", "!a", "&a", "*a", "a\n b\n", "a\n\nb", "\u2028", "\x85", "\ufeff", "{a}",
     '"', "'", "\\", "1e3", "\U0001f600"]
)  # fmt: skip
WORDS = TEXT | TRICKY
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False)
KEYS = WORDS.filter(bool).filter(lambda key: key != "<<")


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Scenarios that hold any text where the format takes any text. They need not make sense."""
    data: dict[str, Any] = {
        "socsim": 1,
        "name": draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)),
        "question": draw(WORDS),
        "population": {"size": draw(st.integers(1, 10**6)), "facts": draw(st.dictionaries(KEYS, WORDS, max_size=3))},
        "items": draw(
            st.dictionaries(
                KEYS.filter(lambda key: key != "for_each"),
                st.fixed_dictionaries({"type": st.just("nominal"), "text": WORDS, "options": st.lists(WORDS, max_size=4)}),
                max_size=3,
            )
        ),
        "preconditions": draw(
            st.dictionaries(
                KEYS, NUMBERS | WORDS | st.none() | st.booleans() | st.dictionaries(KEYS, WORDS, max_size=2), max_size=3
            )
        ),
        "schedule": [
            {"phase": draw(WORDS), "say": {"topic": draw(st.none() | WORDS), "stop": draw(st.lists(WORDS, max_size=3))}}
        ],
        "prompts": draw(
            st.dictionaries(st.sampled_from(["ask", "system"]), WORDS | st.fixed_dictionaries({"file": WORDS}), max_size=2)
        ),
        "network": draw(
            st.none()
            | st.just({"graph": {"ring": None}})
            | st.just({"graph": {"stochastic_block_model": {"p": [[0.5, 0.1], [0.1, 0.5]]}}})
        ),
        "arms": draw(
            st.sampled_from(
                [["treatment", "alone"], [{"shuffled": "rewire"}], {"a": {"network": None}, "b": None}, [{"name": "alone"}]]
            )
        ),
    }
    return Scenario.model_validate({key: value for key, value in data.items() if value is not None})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios())
def test_a_dumped_scenario_reads_back_equal_here_and_with_the_library(scenario: Scenario) -> None:
    text = dump_scenario(scenario)
    assert Scenario.model_validate(parse_document(text, "dump").root.data) == scenario
    assert Scenario.model_validate(YAML(typ="safe", pure=True).load(text)) == scenario


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        NUMBERS | WORDS | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_plain_data_in_an_open_field_survives(value: Any) -> None:
    scenario = Scenario(socsim=1, name="a", population={"size": 1}, schedule=({"phase": "p"},), preconditions={"x": value})  # type: ignore[arg-type]
    assert Scenario.model_validate(parse_document(dump_scenario(scenario), "dump").root.data) == scenario


def test_shipped_scenarios_survive_resolving_and_dumping() -> None:
    folder = Path(__file__).parents[2] / "scenarios"
    paths = sorted(folder.glob("*.yaml"))
    assert len(paths) >= 5
    with tempfile.TemporaryDirectory() as name:
        for path in paths:
            resolved = load_scenario(path).resolved()
            (Path(name) / path.name).write_text(dump_scenario(resolved), encoding="utf-8")
            again = load_scenario(Path(name) / path.name, data_folder=folder)
            assert again.scenario == resolved == again.resolved()


def test_options_that_look_like_something_else_are_quoted() -> None:
    item = {"type": "nominal", "text": "?", "options": ["no", "12:30", "1"]}
    scenario = Scenario(socsim=1, name="a", population={"size": 1}, items={"i": item}, schedule=({"phase": "p"},))  # type: ignore[arg-type, dict-item]
    assert 'options: ["no", "12:30", "1"]' in dump_scenario(scenario)
