"""What a probe shows: models that know a study are found, others are not, and comparisons take it up."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from socsim_analysis.against_people import compare_run
from socsim_analysis.findings.registry import find_finding, registry
from socsim_analysis.probes import (
    Probe,
    ProbeError,
    Share,
    measure_probe,
    probe_choices,
    probe_of,
    probe_sentences,
    read_probe,
    recognised_share,
    with_probe,
    write_probe,
    written_text,
)
from socsim_analysis.report import render_report
from typer.testing import CliRunner

from socsim import Run, Scenario, ScriptedEngine, run
from socsim.cli.app import app
from socsim.inference.types import Request
from socsim.probing import probe

LINES = ["line 1", "line 2", "line 3"]


def scenario(
    compare: Any = ({"finding": "asch1956.error_share"}, {"finding": "asch1956.never_erred"}), **changes: Any
) -> Scenario:
    right = {"a": "line 1", "b": "line 2"}
    items = {name: {"type": "nominal", "text": f"Which line is as long as {name}?", "options": LINES, "right": line}
             for name, line in right.items()}  # fmt: skip
    content: dict[str, Any] = {
        "socsim": 1,
        "name": "asch",
        "seed": 3,
        "replicates": 6,
        "population": {
            "size": 3,
            "confederates": [{"who": {"agents": [1, 2]}, "answers": {"a": "line 3", "b": "line 3"}}],
            "marginals": {"shares": {"town": {"A": 0.3, "B": 0.3, "C": 0.4}}},
            "facts": {"town": "town"},
            "per_world": True,
        },
        "network": {"graph": {"complete": {}}, "place": {"by": "given"}},
        "items": items,
        "schedule": [
            {"for_each_item": {"order": "as_given"}, "phases": [
                {"phase": "before", "ask": ["item"]},
                {"phase": "together", "interaction": {"kind": "neighbours", "see": "answers"}, "ask": ["item"]}]},
        ],
        "arms": ["treatment", "alone"],
        "compare": list(compare),
    }  # fmt: skip
    return Scenario.model_validate(content | changes)


def knows(request: Request, seed: int) -> str:
    text = "".join(segment.text for segment in request.segments)
    if "What did this study find" in text:
        return "Many conformed to the majority."
    return "This is the line study of Solomon Asch (1956). <script>alert(1)</script>"


def picks_asch(request: Request) -> tuple[float, ...]:
    """All probability on the label behind which the title of Asch's study stands."""
    text = "".join(segment.text for segment in request.segments)
    label = next((line[0] for line in text.splitlines() if "Asch:" in line and line[1:2] == "."), "A")
    return tuple(-0.01 if candidate.strip() == label else -9.0 for candidate in request.candidates)


def probed(out: Path, engine: ScriptedEngine, spec: Scenario | None = None, prompts: int = 8) -> tuple[Run, Probe]:
    spec = spec or scenario()
    done = probe(spec, probe_choices(spec, prompts), out=out, engine=engine)
    return done, measure_probe(done)


def test_a_model_that_knows_the_study_is_found(tmp_path: Path) -> None:
    _, found = probed(tmp_path / "probe", ScriptedEngine(reply=knows, scorer=picks_asch))
    (one,) = found.found
    assert one.family == "conformity"
    assert one.findings == ("asch1956.error_share", "asch1956.never_erred")
    assert (one.named.share, one.told.share, one.right.share, one.described.share) == (1.0, 1.0, 1.0, 1.0)
    assert one.named.n == found.prompts == 8
    assert 2 < found.different < 8  # two phases, people of three towns
    assert found.asked == 4 * found.prompts
    assert one.right.low is not None
    assert one.right.low > 0.25
    assert one.knows
    (sentence,) = probe_sentences(found, "conformity")
    assert "a script recognises the study in its prompts" in sentence
    assert probe_sentences(found, "crowds") == []


def test_a_model_that_does_not_know_it_is_not_and_its_silence_is_called_so(tmp_path: Path) -> None:
    _, found = probed(tmp_path / "probe", ScriptedEngine(reply=lambda request, seed: "No, I have read of no Aschen study."))
    (one,) = found.found
    assert (one.named.hits, one.told.hits, one.described.hits) == (0, 0, 0)
    assert not one.knows
    (sentence,) = probe_sentences(found, "conformity")
    assert "was not found to recognise" in sentence
    assert "its silence says little" in sentence


def test_a_model_that_names_it_from_a_description_only_is_told_apart(tmp_path: Path) -> None:
    def reply(request: Request, seed: int) -> str:
        text = "".join(segment.text for segment in request.segments)
        return "Asch." if "This describes how a study was made" in text else "No."

    _, found = probed(tmp_path / "probe", ScriptedEngine(reply=reply))
    assert not found.found[0].knows
    assert found.found[0].described.share == 1.0
    assert "From a plain description it names the study" in probe_sentences(found, "conformity")[0]


def test_wrong_titles_are_of_three_other_families_and_drawn_for_each_prompt() -> None:
    titles = {one.title: one.words for one in registry().values()}
    choices = probe_choices(scenario(), 20)
    assert choices == probe_choices(scenario(), 20)
    assert choices != probe_choices(scenario(seed=4), 20)
    for (choice,) in choices:
        assert choice.titles[0] == find_finding("asch1956.error_share").title
        families = [titles[title] for title in choice.titles]
        assert len(set(families)) == 4
    assert len({choice.titles for (choice,) in choices}) > 10
    two = probe_choices(scenario(compare=[{"finding": "asch1956.error_share"}, {"finding": "becker2017.mean_error"}]), 1)
    assert [choice.findings[0] for choice in two[0]] == ["asch1956.error_share", "becker2017.mean_error"]
    assert {"conformity", "crowds"}.isdisjoint({titles[t] for choice in two[0] for t in choice.titles[1:]})


@pytest.mark.parametrize("compare", [(), ({"finding": "demarzo2024.beta"},)])
def test_there_is_nothing_to_probe_without_a_finding_about_people(compare: Any) -> None:
    with pytest.raises(ProbeError, match="no finding about people"):
        probe_choices(scenario(compare=compare), 3)


def test_texts_that_were_cut_off_count_as_far_as_they_go() -> None:
    row = {"status": "failed", "failure": "cut_off: the reply was longer than allowed", "raw": "Asch did", "option": ""}
    assert written_text(row) == "Asch did"
    assert written_text(row | {"failure": "empty"}) is None
    assert written_text({"status": "answered", "option": "No."}) == "No."


def test_shares_have_wilson_intervals_from_five_answers_on() -> None:
    assert Share.of([]) == Share(hits=0, n=0, share=None, low=None, high=None)
    assert Share.of([True, False]).low is None
    found = Share.of([False] * 10)
    z2 = 1.959963984540054**2
    assert found.high == pytest.approx(z2 / (10 + z2))  # Wilson's upper end for none of n is z²/(n + z²)


def test_a_result_is_written_and_read_and_damage_is_named(tmp_path: Path) -> None:
    done, found = probed(tmp_path / "probe", ScriptedEngine(reply=knows))
    path = write_probe(found, done.path)
    assert read_probe(path) == read_probe(done.path) == found
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"version": 99}), encoding="utf-8")
    with pytest.raises(ProbeError, match="version 99"):
        read_probe(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ProbeError, match="no result of a probe"):
        read_probe(done.path)
    with pytest.raises(ProbeError, match="no result of a probe"):
        read_probe(tmp_path / "absent.json")
    with pytest.raises(ProbeError, match="this run is no probe"):
        measure_probe(run(scenario(), engine=ScriptedEngine(), out=tmp_path / "run"))


def test_a_probe_in_the_folder_of_a_run_meets_or_fails_the_precondition(tmp_path: Path) -> None:
    done = run(scenario(), engine=ScriptedEngine(), out=tmp_path / "run")
    finding = find_finding("asch1956.error_share")
    before = {one.precondition.check: one for one in compare_run(done, finding).measured}
    assert math.isnan(before["recognition"].value)
    probe_run, found = probed(done.path / "probe", ScriptedEngine(reply=knows))
    write_probe(found, probe_run.path)
    compared = compare_run(done, finding)
    after = {one.precondition.check: one for one in compared.measured}
    assert after["recognition"].value == 1.0
    assert not after["recognition"].holds
    assert compared.verdict is not None
    assert compared.verdict.outcome == "not assessed"
    assert math.isnan(recognised_share(done, "crowds"))


def test_the_larger_of_probe_and_own_question_counts(tmp_path: Path) -> None:
    spec = scenario()
    known = {"type": "text", "text": "Known?", "readout": {"method": "text"}}
    asked = scenario(
        items={**spec.items, "recognition": known}, schedule=[*spec.schedule, {"phase": "after", "ask": ["recognition"]}]
    )
    done = run(asked, engine=ScriptedEngine(reply=lambda request, seed: "Asch's Aschen."), out=tmp_path / "run")
    finding = find_finding("asch1956.error_share")
    table = compare_run(done, finding)
    assert {one.precondition.check: one.value for one in table.measured}["recognition"] == 1.0
    probe_run, found = probed(done.path / "probe", ScriptedEngine(reply=lambda request, seed: "No."), asked)
    write_probe(found, probe_run.path)
    assert recognised_share(done, "conformity") == 0.0
    assert {one.precondition.check: one.value for one in compare_run(done, finding).measured}["recognition"] == 1.0


def test_a_probe_of_another_model_or_scenario_is_refused(tmp_path: Path) -> None:
    done = run(scenario(), engine=ScriptedEngine(), out=tmp_path / "run")
    _, found = probed(tmp_path / "probe", ScriptedEngine(reply=knows))
    assert probe_of(with_probe(done, found)) == found
    other = found.model_copy(update={"engine": {**found.engine, "model": "another"}})
    with pytest.raises(ProbeError, match="asked another model: model 'another'"):
        with_probe(done, other)
    with pytest.raises(ProbeError, match="is of the scenario 'other'"):
        with_probe(done, found.model_copy(update={"scenario": "other"}))


def test_the_page_states_words_and_probe_and_no_text_becomes_markup(tmp_path: Path) -> None:
    spec = scenario(prompts={"seen": "The majority <b>said</b>:\n{messages}\n"})
    done = run(spec, engine=ScriptedEngine(), out=tmp_path / "run")
    probe_run, found = probed(done.path / "probe", ScriptedEngine(reply=knows), spec)
    write_probe(found, probe_run.path)
    page = render_report(done)
    limits = page[page.index('<section id="limits"') :]
    assert (
        "The prompts say “majority” (prompts.seen), which tells what asch1956.error_share, asch1956.never_erred found" in limits
    )
    assert "a script recognises the study in its prompts" in limits
    assert "<script>alert(1)" not in page
    assert "<b>said</b>" not in page


def call(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_commands_probe_a_scenario_and_a_run_and_compare_takes_it_up(tmp_path: Path) -> None:
    from socsim.scenario import dump_scenario

    file = tmp_path / "asch.yaml"
    spec = scenario(prompts={"seen": "Most <b>conformed</b>:\n{messages}\n"}, inference={"engine": "scripted"})
    file.write_text(dump_scenario(spec), encoding="utf-8")
    assert call("run", str(file), "--out", str(tmp_path / "run"), "-q").exit_code == 0
    done = call("probe", str(file), "--out", str(tmp_path / "probe"), "--prompts", "6", "-q")
    assert done.exit_code == 0, done.output
    assert "names the study" in done.stdout
    assert "a script was not found to recognise the study in its prompts" in done.stdout
    assert "24 questions about 6 prompts, " in done.stdout
    assert f"of them different; result: {tmp_path / 'probe' / 'probe.json'}" in done.stdout
    told = call("compare", str(tmp_path / "run"), "--finding", "asch1956.error_share", "--probe", str(tmp_path / "probe"))
    assert told.exit_code == 0, told.output
    assert "The prompts say “conform” (prompts.seen)" in told.stdout
    assert "Asked outside the worlds, a script was not found" in told.stdout
    assert "precondition holds: recognition is 0, wanted at most 0.05" in told.stdout
    own = call("probe", str(tmp_path / "run"), "--prompts", "6", "--json", "-q")
    assert own.exit_code == 0, own.output
    assert json.loads(own.stdout)["scenario"] == "asch"
    (compared,) = json.loads(call("compare", str(tmp_path / "run"), "--finding", "asch1956.error_share", "--json").stdout)
    assert len(compared["leakage"]) == 2
    refused = call("probe", str(tmp_path / "run"), "--model", "other")
    assert refused.exit_code == 2


def test_a_probe_that_a_cap_ended_says_so(tmp_path: Path) -> None:
    from socsim.scenario import dump_scenario

    file = tmp_path / "asch.yaml"
    file.write_text(dump_scenario(scenario(inference={"engine": "scripted", "budget": {"calls": 3}})), encoding="utf-8")
    done = call("probe", str(file), "--out", str(tmp_path / "probe"), "--prompts", "6", "-q")
    assert done.exit_code == 3, done.output
    assert "the probe is not complete" in done.stderr


def test_what_a_model_writes_is_printed_on_one_line_with_control_characters_made_visible(
    tmp_path: Path, monkeypatch: Any
) -> None:
    from socsim.scenario import dump_scenario

    file = tmp_path / "asch.yaml"
    file.write_text(dump_scenario(scenario(inference={"engine": "scripted"})), encoding="utf-8")
    monkeypatch.setattr(
        "socsim.runner.make_engine", lambda spec, folder: ScriptedEngine(reply=lambda r, s: "Asch \x1b[31m\nagain")
    )
    done = call("probe", str(file), "--out", str(tmp_path / "probe"), "--prompts", "6", "-q")
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.stdout
    assert "recognises the study" in done.stdout
    assert "again" in next(line for line in done.stdout.splitlines() if "(Asch)" in line)
