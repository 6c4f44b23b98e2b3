"""A run folder is read as it is: while the run goes on, when it has ended, and call by call."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from socsim.errors import RecordError, Rejected
from socsim.events import (
    ActionRow,
    AgentRow,
    EventRow,
    ExposureRow,
    MessageRow,
    RecalledRow,
    ResponseRow,
    SeenRow,
    TieChangeRow,
    TieRow,
    TrialRow,
    ValueRow,
)
from socsim.inference.client import InferenceClient
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.types import DrawKey, Request, SamplingParams, Segment
from socsim.items import Reading
from socsim.record.manifest import write_manifest
from socsim.record.store import RecordStore
from socsim.run_folder import Run
from socsim.tables import TABLE_NAMES

SAY = Request(
    "text",
    (Segment("system", "You are 44.\nBe brief."), Segment("user", 'They wrote: "no"'), Segment("assistant", "I")),
    sampling=SamplingParams(temperature=0.8, max_tokens=9, stop=("\n",)),
)
ASK = Request("score", (Segment("user", "Agree?"),), style="plain", candidates=(" A", " B"), terminators=(".",))
SCENARIO = """
socsim: 1
name: poll
population: {size: 1}
items: {x: {type: ordinal, text: "Agree?", options: ["disagree", "agree"], non_answers: ["don't know"]}}
schedule: [{phase: talk, ask: [x]}]
"""


async def _answer(store: RecordStore, engine: ScriptedEngine) -> None:
    async with InferenceClient(engine, store) as client:
        await client.submit(ASK, None)
        await client.submit(SAY, DrawKey(20, 0, 2, "say/0"))


def make_run(folder: Path, *, status: str = "running", engine: ScriptedEngine | None = None) -> RecordStore:
    folder.mkdir()
    write_manifest(folder, {"status": status, "tables": {}})
    (folder / "scenario.yaml").write_text(SCENARIO)
    store = RecordStore.create(folder / "record.sqlite", {})
    reply = engine or ScriptedEngine(reply=["have \x1b[31m none."], scorer=lambda request: (-0.25, -1.5), token_ids=True)
    asyncio.run(_answer(store, reply))
    reading = Reading("forward", "letters", (0.75, 0.25), 0.9)
    draw = DrawKey(20, 0, 2, "say/0").text()
    calls = (("ask.x/0", ASK.digest(), ""), ("say/0", SAY.digest(), draw))
    where = ("treatment", 0, 2, "talk", 0)
    answer = ("agree", 1, 2.0, 1.25, 0.5, 0.9, 0.8, (0.75, 0.25), (reading,))
    person = AgentRow("treatment", 0, 0, "n", "s", 1.0, "You are 44.", {"age": 44}, {}, "m")
    store.put_rows([person, TieRow("treatment", 0, 1, 0, 1.0)])
    store.put_rows([
        EventRow(*where, "o", "d", calls),
        SeenRow("treatment", 0, 2, 0, 0, 1, 1, "no"),
        MessageRow(*where, "I have none.", "ok", False, "have none."),
        ResponseRow(*where, "x", "logprob", "answered", *answer),
        ResponseRow(*where, "y", "logprob", "failed", failure="timed_out: late"),
    ])  # fmt: skip
    store.flush()
    return store


def test_tables_are_readable_while_the_run_goes_on(tmp_path: Path) -> None:
    with make_run(tmp_path / "run") as store:
        run = Run(tmp_path / "run")
        assert run.status == "running"
        assert run.messages["text"].tolist() == ["I have none."]
        store.put_rows([MessageRow("treatment", 0, 3, "talk", 0, "More.", "ok", False, "More.")])
        store.flush()
        assert run.messages["text"].tolist() == ["I have none.", "More."]
        assert run.calls["kind"].tolist() == (["score", "text"] if ASK.digest() < SAY.digest() else ["text", "score"])
        assert (run.agents["fact_age"][0], run.ties["author"][0], run.seen["text"][0]) == (44, 1, "no")
        assert run.responses["status"].tolist() == ["answered", "failed"]
        assert run.readings["probabilities"][0] == [0.75, 0.25]
        assert run.events["calls"][0][1]["path"] == "say/0"
        assert run.polars("messages").height == 2
        assert run.failed_answers() == (1, 4)


def test_ended_run_is_read_from_its_tables(tmp_path: Path) -> None:
    make_run(tmp_path / "run").close()
    run = Run(tmp_path / "run")
    hashes = run.write_tables()
    assert hashes == run.table_hashes()
    write_manifest(run.path, {"status": "complete", "tables": hashes})
    (run.path / "record.sqlite").rename(tmp_path / "elsewhere")
    again = Run(run.path)
    assert again.table_hashes() == hashes
    assert sorted(hashes) == sorted(TABLE_NAMES) == sorted(path.stem for path in (run.path / "tables").iterdir())
    assert again.responses["option"].tolist() == ["agree", ""]


def test_show_prints_every_call_exactly(tmp_path: Path) -> None:
    make_run(tmp_path / "run").close()
    assert (
        Run(tmp_path / "run").show(0, 2, tokens=True).splitlines()
        == """\
agent 0, step 2 (talk), arm treatment, replicate 0
==================================================

call 1 of 2: ask.x/0
request DIGEST_OF_ASK, draw none (a score)
[plain text]
  Agree?
prompt tokens: 6
  text 'Agree?': 65 103 114 101 101 63
log-probabilities of the candidates:
  ' A': -0.25  tokens 32 65
  ' B': -1.5  tokens 32 66
  each followed by one of ['.']

call 2 of 2: say/0
request DIGEST_OF_SAY, draw 20/0/2/say/0/0
[system]
  You are 44.
  Be brief.
[user]
  They wrote: "no"
[assistant]
  I
sampling: temperature 0.8, top_p 1, top_k 0, min_p 0, repetition_penalty 1, max_tokens 9, stop ['\\n']
prompt tokens: 38
  text 'You are 44.\\nBe brief.': 89 111 117 32 97 114 101 32 52 52 46 10 66 101 32 98 114 105 101 102 46
  text 'They wrote: "no"': 84 104 101 121 32 119 114 111 116 101 58 32 34 110 111 34
  text 'I': 73
reply (finish_reason stop):
  have \\x1b[31m none.
reply tokens: 104 97 118 101 32 27 91 51 49 109 32 110 111 110 101 46

what came of it
---------------
answer to x (logprob): 'agree', status answered, value 2.0, expected 1.25
  probabilities [0.75, 0.25], drawn with u = 0.8
  reading forward, letters: mass 0.9, [0.75, 0.25]
answer to y (logprob): failed: timed_out: late
message: status ok
  I have none.""".replace("DIGEST_OF_ASK", ASK.digest())
        .replace("DIGEST_OF_SAY", SAY.digest())
        .splitlines()
    )


def add_turn(folder: Path) -> None:
    """A second turn of the agent in the same step, with all that a turn can leave, and control characters where text stands."""
    where, turn = ("treatment", 0, 2, "talk", 0), 1
    with RecordStore.open(folder / "record.sqlite") as store:
        store.put_rows([
            EventRow(*where, "o2", "d2", (("ask.x/0", ASK.digest(), ""),), turn),
            TrialRow(*where, turn, "frame", "gain"),
            RecalledRow(*where, turn, 0, "said", "I have\x1b[31m none."),
            RecalledRow(*where, turn, 1, "summary", "Little."),
            MessageRow(*where, "Again.", "ok", False, "Again.", turn=turn),
            ActionRow(*where, turn, 0, "give", target=3, about="pot\x1b", amount=2.5),
            ActionRow(*where, turn, 1, "like", "failed"),
            ExposureRow(*where, turn, 9, 5, 2),
            ValueRow(*where, turn, "payoff", 7.5),
            TieChangeRow(*where, turn, 0, "unfollow", 0, 4, "rule"),
        ])  # fmt: skip


def test_show_prints_all_turns_of_a_step_and_what_each_left(tmp_path: Path) -> None:
    make_run(tmp_path / "run").close()
    first = Run(tmp_path / "run").show(0, 2)
    add_turn(tmp_path / "run")
    run = Run(tmp_path / "run")
    second = run.show(0, 2, turn=1)
    assert run.show(0, 2, turn=0) == first
    assert run.show(0, 2) == f"{first}\n{second}"
    head, came_of_it = second.split("what came of it\n---------------\n")
    assert head.startswith("""\
agent 0, step 2 (talk), arm treatment, replicate 0, turn 1
==========================================================
frame: gain

what it remembered
------------------
said:
  I have\\x1b[31m none.
summary:
  Little.

call 1 of 1: ask.x/0
""")
    assert (
        came_of_it
        == """\
message: status ok
  Again.
action: give, to agent 3, about pot\\x1b, amount 2.5
action: like: the reply was no choice, nothing was done
exposure: 9 there to see, 5 shown, 2 reacted to
payoff: 7.5
tie: reader 0, unfollow, author 4 (rule)
"""
    )
    with pytest.raises(RecordError, match=r"agent 0 has no turn 2 at step 2\. It has: 0, 1\."):
        run.show(0, 2, turn=2)


def test_each_kind_of_row_has_its_frame(tmp_path: Path) -> None:
    make_run(tmp_path / "run").close()
    add_turn(tmp_path / "run")
    run = Run(tmp_path / "run")
    assert run.events["turn"].tolist() == [0, 1]
    assert run.actions[["kind", "target", "amount"]].iloc[0].tolist() == ["give", 3, 2.5]
    assert run.exposures[["potential", "shown", "engaged"]].to_numpy().tolist() == [[9, 5, 2]]
    assert run.recalled["kind"].tolist() == ["said", "summary"]
    assert run.tie_changes[["reader", "author", "cause"]].to_numpy().tolist() == [[0, 4, "rule"]]
    assert run.trials["level"].tolist() == ["gain"]
    assert run.numbers["value"].tolist() == [7.5]
    hashes = run.write_tables()
    write_manifest(run.path, {"status": "complete", "tables": hashes})
    assert Run(run.path).table_hashes() == hashes
    assert Run(run.path).polars("recalled").height == 2


def test_show_without_tokens_and_with_a_failed_call(tmp_path: Path) -> None:
    failing = ScriptedEngine(failure=lambda request, seed, attempt: Rejected("no such model"))
    make_run(tmp_path / "run", engine=failing).close()
    text = Run(tmp_path / "run").show(0, 2, "treatment")
    assert "failed: rejected after 1 attempts: no such model" in text
    assert "tokens:" not in text


def test_show_says_where_there_is_something(tmp_path: Path) -> None:
    make_run(tmp_path / "run").close()
    with pytest.raises(RecordError, match=r"agent 0, step 2, replicate 0, arm alone.*recorded in: treatment"):
        Run(tmp_path / "run").show(0, 2, "alone")
    with pytest.raises(RecordError, match="nothing is recorded for agent 7, step 2"):
        Run(tmp_path / "run").show(7, 2)


def test_csv_files_carry_the_options_of_the_scenario(tmp_path: Path) -> None:
    make_run(tmp_path / "run").close()
    paths = Run(tmp_path / "run").write_csv(tmp_path / "csv")
    assert [path.stem for path in paths] == list(TABLE_NAMES)
    assert '"[""disagree"",""agree"",""don\'t know""]"' in (tmp_path / "csv" / "responses.csv").read_text(encoding="utf-8-sig")


def test_unknown_tables_and_folders_are_named(tmp_path: Path) -> None:
    make_run(tmp_path / "run").close()
    with pytest.raises(KeyError, match="none of the tables agents"):
        Run(tmp_path / "run").table("agent")
    with pytest.raises(RecordError, match="not a run folder"):
        Run(tmp_path)
