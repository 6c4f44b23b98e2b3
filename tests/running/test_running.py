"""Whole runs on the scripted engine: what is seen, what is written down, and that nothing depends on the order of replies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
import pytest

from socsim import Request, Run, Scenario, ScriptedEngine, SocialAgent, UndeclaredRandomness, open_world, run
from socsim.errors import ScenarioError
from socsim.observation import Observation

Make = Callable[..., Scenario]


def test_a_run_ends_complete_with_a_row_for_every_answer_and_message(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine())
    assert done.status == "complete"
    assert len(done.responses) == 2 * 8 * 4
    assert len(done.messages) == 2 * 8 * 3
    assert len(done.agents) == 2 * 8
    assert set(done.responses["status"]) == {"answered"}


@pytest.mark.parametrize("parallel", [1, 32])
def test_tables_do_not_depend_on_concurrency_or_latency(make_debate: Make, tmp_path: Path, parallel: int) -> None:
    plain = run(make_debate(), out=tmp_path / "plain", engine=ScriptedEngine())
    slow = ScriptedEngine(parallel=parallel, latency=lambda request, seed: (seed % 7) * 1e-3)
    other = run(make_debate(), out=tmp_path / "other", engine=slow)
    assert other.table_hashes() == plain.table_hashes()


def test_another_seed_gives_other_tables(make_debate: Make, tmp_path: Path) -> None:
    first = run(make_debate(), out=tmp_path / "a", engine=ScriptedEngine())
    second = run(make_debate(), out=tmp_path / "b", engine=ScriptedEngine(), seed=8)
    assert first.table_hashes() != second.table_hashes()


def test_arms_share_people_and_random_numbers_until_they_differ(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine())
    answers = done.responses.set_index(["arm", "step", "agent"])
    for step, same in ((0, True), (1, True), (2, False)):
        values = [answers.loc[(arm, step), "expected"].tolist() for arm in ("treatment", "alone")]
        assert (values[0] == values[1]) is same, step
    u = done.responses.groupby("agent")["u"].nunique()
    assert (u == 1).all()


def test_equal_questions_of_two_arms_are_one_call(make_debate: Make, tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(request: Request, seed: int) -> str:
        asked.append(request.digest())
        return f"word {seed % 5}."

    run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine(reply))
    first_messages = 8
    later_messages = 2 * 8 * 2
    assert len(asked) <= first_messages + later_messages


def test_neighbours_see_what_was_written_the_step_before_and_at_most_so_many(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine())
    seen = done.seen
    written = done.messages.set_index(["arm", "step", "agent"])["text"]
    ties = {(row.arm, row.reader, row.author) for row in done.ties.itertuples()}
    assert set(seen["arm"]) == {"treatment"}
    assert set(seen["step"]) == {2, 3}
    assert seen.groupby(["step", "agent"]).size().max() == 2
    for row in seen.itertuples():
        assert row.author_step == row.step - 1
        assert row.text == written[row.arm, row.author_step, row.author]
        assert (row.arm, row.agent, row.author) in ties


def test_those_who_are_alone_still_write_and_remember_themselves(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine())
    alone = done.messages[done.messages["arm"] == "alone"]
    assert len(alone) == 8 * 3
    text = done.show(agent=3, step=2, arm="alone")
    own = alone[(alone["agent"] == 3) & (alone["step"] == 1)]["text"].item()
    assert own in text
    assert "Last time your answer" in text


def test_an_empty_message_is_a_failure_that_shows_neighbours_nothing(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine(lambda request, seed: "  \n"))
    assert done.status == "incomplete"
    assert set(done.messages["status"]) == {"empty"}
    assert len(done.seen) == 0
    assert (done.messages["text"] == "").all()


def test_a_message_begins_with_the_words_given_to_the_model(make_debate: Make, tmp_path: Path) -> None:
    spec = make_debate(prompts={"say_prefix": "I think"})
    done = run(spec, out=tmp_path / "run", engine=ScriptedEngine(lambda request, seed: " taxes are fine."))
    assert set(done.messages["text"]) == {"I think taxes are fine."}
    assert set(done.messages["raw"]) == {" taxes are fine."}
    silent = run(spec, out=tmp_path / "silent", engine=ScriptedEngine(lambda request, seed: " ..."))
    assert set(silent.messages["status"]) == {"empty"}


def test_a_call_without_a_reply_is_a_missing_answer_never_carried_forward(make_debate: Make, tmp_path: Path) -> None:
    from socsim.errors import Rejected

    def failure(request: Request, seed: int, attempt: int) -> Exception | None:
        spoken = any("People you know wrote" in segment.text for segment in request.segments)
        return Rejected("no") if request.kind == "score" and spoken else None

    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine(failure=failure))
    failed = done.responses[done.responses["status"] == "failed"]
    assert len(failed) > 0
    assert failed["value"].isna().all()
    assert failed["expected"].isna().all()
    assert failed["failure"].str.startswith("call_failed").all()
    assert done.status == "incomplete"


def test_a_run_inside_a_running_loop_works(make_debate: Make, tmp_path: Path) -> None:
    async def notebook() -> Run:
        return run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine())

    assert asyncio.run(notebook()).status == "complete"


class Gambler(SocialAgent):
    """Uses its own generator, and answers itself."""

    async def act(self, observation: Observation) -> None:
        self.publish(f"I threw {int(self.generator.integers(1, 7))}.")


def test_an_own_agent_class_acts_with_its_own_random_numbers(make_debate: Make, tmp_path: Path) -> None:
    runs = [run(make_debate(), out=tmp_path / name, engine=ScriptedEngine(), agent_class=Gambler) for name in "ab"]
    assert runs[0].messages["text"].tolist() == runs[1].messages["text"].tolist()
    assert runs[0].messages["text"].nunique() > 1
    assert len(runs[0].responses) == 0


class Careless(SocialAgent):
    """Uses the generator that all agents share."""

    async def act(self, observation: Observation) -> None:
        self.publish(str(self.model.random.random()))


def test_the_shared_generator_is_out_of_reach_inside_act(make_debate: Make, tmp_path: Path) -> None:
    with pytest.raises(UndeclaredRandomness, match="generator"):
        run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine(), agent_class=Careless)


def test_mesa_tools_work_on_a_world_stepped_by_hand(make_debate: Make) -> None:
    with open_world(make_debate(), engine=ScriptedEngine()) as world:
        collector = mesa.DataCollector(agent_reporters={"opinion": lambda agent: agent.opinion("tax")})
        while world.running:
            world.step()
            collector.collect(world)
        frame = collector.get_agent_vars_dataframe()
        assert world.steps == 4
        assert len(frame) == 4 * 8
        assert frame["opinion"].between(1, 3).all()
        assert len(world.agents.select(lambda agent: agent.person.facts["age"] >= 0)) == 8


def test_everybody_who_has_acted_is_counted_within_the_step(make_debate: Make) -> None:
    with open_world(make_debate(), engine=ScriptedEngine()) as world:
        steps: list[int] = []
        world.on_acted = lambda: steps.append(world.steps_done)
        world.step()
        assert steps == [0] * 8


def test_a_folder_that_holds_something_is_never_written_to(make_debate: Make, tmp_path: Path) -> None:
    from socsim import RecordError

    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(RecordError, match="not empty"):
        run(make_debate(), out=tmp_path, engine=ScriptedEngine())


def test_yoked_people_see_another_worlds_messages_from_their_own_neighbours(make_debate: Make, tmp_path: Path) -> None:
    spec = make_debate(arms=["treatment", {"yoked": {"world": "other_replicate"}}], replicates=2)
    done = run(spec, out=tmp_path / "run", engine=ScriptedEngine())
    written = done.messages.set_index(["arm", "replicate", "step", "agent"])["text"]
    seen = done.seen[done.seen["arm"] == "yoked"]
    assert len(seen) > 0
    for row in seen.itertuples():
        assert row.text == written["treatment", 1 - row.replicate, row.author_step, row.author]


def test_yoking_to_a_file_shows_lines_of_like_length(make_debate: Make, tmp_path: Path) -> None:
    from socsim import load_scenario
    from socsim.scenario import dump_scenario

    (tmp_path / "weather.txt").write_text("Rain.\nIt rains a lot here.\nThe weather is very bad in this town today.\n")
    spec = make_debate(arms=["treatment", {"yoked": {"messages": "weather.txt"}}])
    (tmp_path / "debate.yaml").write_text(dump_scenario(spec))
    done = run(
        load_scenario(tmp_path / "debate.yaml"),
        out=tmp_path / "run",
        engine=ScriptedEngine(lambda *_: "one two three four five."),
    )
    shown = done.seen[done.seen["arm"] == "yoked"]["text"]
    assert set(shown) == {"It rains a lot here."}


def test_the_failure_policy_can_stop_the_run(make_debate: Make, tmp_path: Path) -> None:
    from socsim.errors import Rejected

    engine = ScriptedEngine(failure=lambda request, seed, attempt: Rejected("no") if request.kind == "score" else None)
    done = run(make_debate(failures={"then": "stop"}), out=tmp_path / "run", engine=engine)
    assert done.status == "incomplete"
    assert "then: stop" in done.manifest["reason"]


def test_a_finding_that_there_is_not_is_refused_before_anything_is_asked(make_debate: Any, tmp_path: Path) -> None:
    scenario = make_debate(compare=[{"finding": "asch1956.eror_share"}])
    with pytest.raises(ScenarioError, match=r"asch1956\.error_share"):
        run(scenario, engine=ScriptedEngine(), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
