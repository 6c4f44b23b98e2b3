"""Words that give a study away: where they are found, which are passed over, and what is kept of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from socsim import Interaction, Run, Scenario, ScriptedEngine, run
from socsim.conducting import words_in_prompts
from socsim.errors import ScenarioError
from socsim.giveaways import Giveaway, Watched, giveaways, turns_by_phase, unrendered
from socsim.inference.manner import Manner
from socsim.runner import build_worlds, open_scenario
from socsim.turn_prompts import turn_prompts

WATCHED = Watched(("asch1956.error_share",), ("conform", "majority"), ("Asch",), frozenset({"majority"}))


def scenario(seen: str = "Others said:\n{messages}\n", compare: Any = (), **changes: Any) -> Scenario:
    content: dict[str, Any] = {
        "socsim": 1,
        "name": "lines",
        "population": {"size": 3, "confederates": [{"who": {"agents": [1, 2]}, "answers": {"line": "line 2"}}]},
        "network": {"graph": {"complete": {}}, "place": {"by": "given"}},
        "prompts": {"seen": seen},
        "items": {"line": {"type": "nominal", "text": "Which line?", "options": ["line 1", "line 2"]}},
        "schedule": [
            {"phase": "before", "ask": ["line"]},
            {"phase": "together", "interaction": {"kind": "neighbours", "see": "answers"}, "ask": ["line"]},
        ],
        "compare": list(compare),
    }
    return Scenario.model_validate(content | changes)


def worlds(spec: Scenario) -> Any:
    return build_worlds(spec, None, Manner())


def test_a_word_is_named_once_for_each_field_with_what_stands_around_it() -> None:
    spec = scenario("The majority, the majority of Asch's people, conformed:\n{messages}\n")
    found = {one.word: one for one in giveaways(spec, [WATCHED], worlds(spec))}
    assert set(found) == {"conform", "majority", "Asch"}
    assert {one.field for one in found.values()} == {"prompts.seen"}
    assert found["conform"].text == "…he majority of Asch's people, conformed: …"
    assert {word: one.kind for word, one in found.items()} == {"conform": "outcome", "majority": "outcome", "Asch": "recognition"}
    assert [word for word, one in found.items() if one.accepted] == ["majority"]


def test_names_of_slots_and_of_the_format_are_no_words() -> None:
    spec = scenario("{messages}", name="conform", question="majority?", source="Asch")
    assert giveaways(spec, [WATCHED], worlds(spec)) == ()
    watched = Watched(("x.y",), ("message", "messages"), ("z",))
    assert giveaways(scenario("{messages}"), [watched]) == ()


def test_wording_that_is_not_the_scenarios_own_is_found_at_the_phase_in_the_rendered_prompt() -> None:
    watched = Watched(("x.y",), ("take part in a study",), ("Person 2",))
    spec = scenario(prompts={"seen": "{messages}", "message": "{author}: {text}"})
    found = giveaways(spec, [watched], worlds(spec))
    assert {(one.word, one.field) for one in found} == {
        ("take part in a study", "schedule.0"),
        ("take part in a study", "schedule.1"),
        ("Person 2", "schedule.1"),
    }
    assert not any(one.own for one in found)


def test_facts_of_people_and_levels_of_conditions_are_looked_through() -> None:
    spec = scenario(
        population={"size": 3, "marginals": {"shares": {"view": {"conformist": 1.0}}}, "facts": {"view": "view"}},
        conditions={"note": {"levels": {"plain": None, "told": "Most people conform."}}},
        schedule=[{"phase": "only", "interaction": {"kind": "exposure", "show": "note"}, "ask": ["line"]}],
    )
    watched = Watched(("x.y",), ("conform", "conformist"), ("Asch",))
    found = {one.word: one.field for one in giveaways(spec, [watched], worlds(spec))}
    assert found == {"conform": "conditions.note.levels.told", "conformist": "schedule.0"}


def test_the_prompt_of_a_phase_is_of_somebody_without_a_script_and_shows_what_scripts_say() -> None:
    (world,) = worlds(scenario())
    turns = turns_by_phase(world)
    assert {phase: [turn.agent for turn in found] for phase, found in turns.items()} == {"before": [0], "together": [0]}
    (prompt, *_) = turn_prompts(world, turns["together"][0]).prompts
    assert prompt.told.count('"line 2"') == 2
    assert "will have answered" not in prompt.told
    assert "[user]" in prompt.text
    assert "[user]" not in prompt.told


class Own(Interaction):
    """Looks at a reply that no stand-in has."""

    kind = "own"

    def observe(self, turn: Any, view: Any) -> Any:
        raise AssertionError("nothing may be shown before a run")


def test_interactions_of_the_callers_own_are_not_rendered_and_their_wording_is_looked_through() -> None:
    custom = {"kind": "custom", "name": "own", "wording": {"line": "The majority says {text}"}}
    spec = scenario(schedule=[{"phase": "before", "ask": ["line"]}, {"phase": "own", "ask": ["line"], "interaction": custom}])
    (world,) = build_worlds(spec, None, Manner(), {"own": Own})
    assert list(turns_by_phase(world)) == ["before"]
    assert [one.field for one in giveaways(spec, [WATCHED], [world])] == ["schedule.1.interaction.wording.line"]


def test_large_worlds_are_not_rendered_and_that_is_said() -> None:
    spec = scenario(population={"size": 3000}, network=None, schedule=[{"phase": "before", "repeat": 2, "ask": ["line"]}])
    watched = Watched(("x.y",), ("take part in a study",), ("Asch",))
    assert giveaways(spec, [watched], worlds(spec)) == ()
    assert unrendered(spec, worlds(spec)) == ("treatment",)
    assert unrendered(scenario(), worlds(scenario())) == ()
    many = scenario(arms=[{f"arm{number}": {"prompts": {"seen": f"{number} {{messages}}"}}} for number in range(10)])
    assert unrendered(many, worlds(many)) == ("arm8", "arm9")


def test_what_was_found_is_kept_in_the_manifest_and_comes_back_from_it(tmp_path: Path) -> None:
    spec = scenario("The majority said:\n{messages}\n", [{"finding": "asch1956.error_share"}])
    done = run(spec, engine=ScriptedEngine(), out=tmp_path / "run")
    (noted,) = done.manifest["giveaways"]
    found = Giveaway.from_dict(noted)
    assert (found.word, found.field, found.findings, found.accepted) == (
        "majority", "prompts.seen", ("asch1956.error_share",), False,
    )  # fmt: skip
    assert words_in_prompts(spec, worlds(spec)) == (found,)
    clean = run(scenario(compare=[{"finding": "asch1956.error_share"}]), engine=ScriptedEngine(), out=tmp_path / "clean")
    assert clean.manifest["giveaways"] == []
    assert "giveaways" not in run(scenario(), engine=ScriptedEngine(), out=tmp_path / "none").manifest
    assert Run(tmp_path / "run").scenario == spec


def test_a_word_accepted_for_one_finding_is_accepted_for_the_scenario_and_must_be_one_of_the_list() -> None:
    compare = [{"finding": "asch1956.error_share", "accept_words": ["Majority"]}, {"finding": "franzen2023.lines"}]
    spec = open_scenario(scenario("The majority said:\n{messages}\n", compare)).scenario
    (found,) = words_in_prompts(spec, worlds(spec))
    assert found.accepted
    assert found.findings == ("asch1956.error_share", "franzen2023.lines")
    with pytest.raises(ScenarioError, match=r"compare.0.accept_words.0: 'majoriti' is no word .* Did you mean majority\?"):
        open_scenario(scenario(compare=[{"finding": "asch1956.error_share", "accept_words": ["majoriti"]}]))


def test_findings_about_simulations_have_no_words() -> None:
    spec = scenario("The majority said:\n{messages}\n", [{"finding": "demarzo2024.beta"}])
    assert words_in_prompts(open_scenario(spec).scenario, worlds(spec)) == ()
