from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest
from experiments import asked, level_of, written

from socsim import replay
from socsim.errors import ScenarioError
from socsim.scenario import load_scenario

STIMULI = {"control": "", "costs": "It is cheap.\\nIt lasts.", "safety": 'It is "safe".'}
LEVELS = f"{{control: '', costs: \"{STIMULI['costs']}\", safety: '{STIMULI['safety']}'}}"
EACH = f"""
conditions: {{message: {{levels: {LEVELS}, assign: each_in_own_context}}}}
schedule: [{{phase: treat, interaction: {{kind: exposure, show: message}}, ask: [support]}}]
"""
FIRST = """"no", "rather no", "rather yes", "yes"],
            readout: {orders: fixed, labels: [letters]"""
ONE = EACH.replace("each_in_own_context", "complete")
CROSSED = {
    "renderer: second_person": "renderer: [second_person, attributes]",
    "prompts: {}": "prompts: {ask: {any_of: ['First {item} {options}', 'Second {item} {options}', 'Third {item} {options}'], "
    "per_agent: 2}}",
}
SHOWN = {"control": "", "costs": "You read this:\nIt is cheap.\nIt lasts.\n", "safety": "You read this:\nIt is 'safe'.\n"}


def shown_in(prompt: str) -> str:
    """The level whose text stands in a prompt."""
    found = [level for level, text in SHOWN.items() if text and text.strip("\n") in prompt.replace('"', "'")]
    assert len(found) <= 1
    assert found or "You read" not in prompt
    return found[0] if found else "control"


def test_everybody_reads_the_text_of_its_level_and_nothing_else(tmp_path: Path) -> None:
    done = asked(written(tmp_path, ONE), tmp_path / "run")
    levels = level_of(done, "message")
    assert sorted(levels) == list(range(6))
    for number, (level,) in levels.items():
        assert [shown_in(prompt) for prompt in done.of(number, "support it")] == [level]
    assert Counter(level for (level,) in levels.values()) == dict.fromkeys(STIMULI, 2)


def test_what_was_read_is_logged_as_a_stimulus_of_nobody(tmp_path: Path) -> None:
    done = asked(written(tmp_path, EACH), tmp_path / "run")
    seen = done.run.seen
    assert set(seen["author"]) == {-1}
    assert set(seen["kind"]) == {"stimulus"}
    assert Counter(seen["text"]) == {"It is cheap.\nIt lasts.": 6, 'It is "safe".': 6}


def test_each_level_is_read_in_a_context_of_its_own(tmp_path: Path) -> None:
    done = asked(written(tmp_path, EACH.replace("ask: [support]", "ask: [support, worth]")), tmp_path / "run")
    assert level_of(done, "message") == {number: list(STIMULI) for number in range(6)}
    for number, question in itertools.product(range(6), ("support it", "worth it")):
        assert sorted(map(shown_in, done.of(number, question))) == sorted(STIMULI)
    assert list(done.run.responses.groupby(["agent", "item"]).size().unique()) == [3]
    assert not any("yes" in prompt.split("Is it")[0] for number in range(6) for prompt in done.of(number, "worth it"))


def test_wordings_renderers_and_levels_are_crossed(tmp_path: Path) -> None:
    done = asked(written(tmp_path, EACH, replace=CROSSED), tmp_path / "run")
    wordings = level_of(done, "prompts.ask")
    for number in range(6):
        ways = {(prompt.split(" Do you")[0].rsplit(" ", 1)[1], "Your number" in prompt, shown_in(prompt))
                for prompt in done.of(number, "support it")}  # fmt: skip
        words = {("First", "Second", "Third")[int(index)] for index in wordings[number]}
        assert len(words) == 2
        assert {word.removeprefix("user:").strip() for word, _, _ in ways} == words
        assert len(ways) == 12
    assert len({tuple(sorted(set(own))) for own in wordings.values()}) > 1


def test_the_table_of_trials_says_what_stood_in_each_prompt(tmp_path: Path) -> None:
    done = asked(written(tmp_path, EACH, replace=CROSSED), tmp_path / "run")
    wide = done.run.trials.pivot(index=["agent", "turn"], columns="name", values="level")
    for (agent, turn), row in wide.iterrows():
        text = done.run.show(agent, 0, turn=turn).replace("\n  ", "\n")
        assert shown_in(text) == row["message"]
        assert ("Your number" in text) == (row["persona"] == "second_person")
        assert ("First", "Second", "Third")[int(row["prompts.ask"])] in text


def test_one_persistent_number_draws_a_persons_answers_under_all_levels(tmp_path: Path) -> None:
    done = asked(written(tmp_path, EACH, replace=CROSSED), tmp_path / "run")
    assert set(done.run.responses.groupby("agent")["u"].nunique()) == {1}
    assert done.run.responses["u"].nunique() == 6
    fresh = written(tmp_path, EACH, replace={FIRST: f"{FIRST}, draw: fresh"})
    assert set(asked(fresh, tmp_path / "other").run.responses.groupby("agent")["u"].nunique()) == {3}


def test_levels_are_the_same_in_all_arms(tmp_path: Path) -> None:
    more = "arms: {treatment: {}, other: {prompts: {system: 'Other. {persona}'}}}\n"
    done = asked(written(tmp_path, ONE + more), tmp_path / "run")
    assert level_of(done, "message") == level_of(done, "message", "other")


def test_the_result_does_not_depend_on_when_replies_come_and_is_replayed(tmp_path: Path) -> None:
    path = written(tmp_path, EACH.replace("[support]", "[support, cost]"), replace=CROSSED)
    first = asked(path, tmp_path / "0", execution="sequential").run
    for seed, execution in enumerate(("barrier", "dependencies"), start=1):
        other = asked(path, tmp_path / str(seed), execution=execution, latency_seed=seed).run
        for name in ("responses", "trials", "seen", "events"):
            assert first.table(name).equals(other.table(name))
    assert replay(tmp_path / "0").verified


def test_failures_are_failed_rows_and_leave_the_other_contexts_alone(tmp_path: Path) -> None:
    done = asked(written(tmp_path, EACH.replace("[support]", "[support, cost]")), tmp_path / "run", reply="dear")
    counts = done.run.responses.groupby(["item", "status"]).size().to_dict()
    assert counts == {("cost", "failed"): 18, ("support", "answered"): 18}


def test_stimuli_may_stand_in_a_table(tmp_path: Path) -> None:
    (tmp_path / "stimuli.csv").write_text('name,words\ncontrol,\ncosts,"It is cheap.\nIt lasts."\nsafety,"It is ""safe""."\n')
    table = EACH.replace(LEVELS, "{table: stimuli, column: name, text: words}") + "tables: {stimuli: stimuli.csv}\n"
    done = asked(written(tmp_path, table), tmp_path / "run")
    for number in range(6):
        assert sorted(map(shown_in, done.of(number, "support it"))) == sorted(STIMULI)


def test_the_frame_of_a_stimulus_can_be_reworded(tmp_path: Path) -> None:
    own = 'show: message, wording: {stimulus: "A leaflet says: {text} ", nothing: "No leaflet came. "}'
    done = asked(written(tmp_path, EACH.replace("show: message", own)), tmp_path / "run")
    prompts = done.of(2, "support it")
    assert sum("A leaflet says: " in prompt for prompt in prompts) == 2
    assert sum("No leaflet came.\n" in prompt for prompt in prompts) == 1


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("show: message", "see: messages", "schedule.0.interaction", "which condition"),
        ("show: message", "show: mesage", "schedule.0.interaction.show", "message"),
        ("show: message", "show: message, options: {order: any}", "schedule.0.interaction.options.order", "random"),
        ("show: message", "show: message, wording: {stimulus: '{words}'}", "schedule.0.interaction.wording.stimulus", "text"),
        ("phase: treat", "phase: treat, activation: dyads", "schedule.0.activation", "does not go with"),
    ],
)
def test_bad_options_are_named_with_their_field(tmp_path: Path, old: str, new: str, field: str, says: str) -> None:
    path = written(tmp_path, ONE, replace={old: new})
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert says in f"{problem.message}. {problem.fix}"
    assert problem.line > 0


@pytest.mark.parametrize(("name", "turns"), [("message_experiment", 36), ("battery", 12)])
def test_the_small_studies_run(tmp_path: Path, name: str, turns: int) -> None:
    done = asked(Path(__file__).parents[2] / "scenarios" / "examples" / f"{name}.yaml", tmp_path / "run").run
    assert done.status == "complete"
    assert len(done.events) == turns
    assert not done.trials.empty
