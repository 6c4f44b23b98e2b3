"""The parts of the page about actions, numbers, ties and memories, of a run that was really made."""

from __future__ import annotations

import json

import pytest
from fake_run import Recipe, fake_run
from socsim_analysis.frames import snapshot
from socsim_analysis.page import Page
from socsim_analysis.report import render_report
from socsim_analysis.sections.doings import doings_section
from socsim_analysis.sections.memory import memory_section

from socsim import Run, Scenario, ScriptedEngine, run
from socsim.inference.types import Request


def reply(request: Request, seed: int) -> str:
    text = "\n".join(segment.text for segment in request.segments)
    return json.dumps({"x": 1}) if "JSON" in text else f"<b>Hello {seed % 7}</b> & welcome."


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    feed = {
        "kind": "feed",
        "options": {"mix": {"followed": 2, "others": 2}, "actions": ["post", "like", "follow"], "most_actions": 2},
    }
    game = {"kind": "games", "options": {"game": "prisoners_dilemma"}}
    spec = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "doings",
            "seed": 4,
            "population": {"size": 6},
            "network": {"graph": {"ring": {}}},
            "memory": {"kind": "last", "k": 2},
            "schedule": [
                {"phase": "scroll", "repeat": 4, "interaction": feed, "remember": ["memory"], "say": {"topic": "x"}},
                {"phase": "play", "repeat": 2, "activation": "dyads", "interaction": game},
            ],
            "inference": {"engine": "scripted", "model": "scripted"},
        }
    )
    return run(spec, out=tmp_path_factory.mktemp("doings") / "run", engine=ScriptedEngine(reply), checked=True)


def test_figures_are_those_of_the_tables(done: Run) -> None:
    html = str(doings_section(Page(snapshot(done))))
    likes = done.actions[done.actions["kind"] == "like"]
    assert (
        f"<td>like</td><td>{len(likes)}</td>" in html.replace(' class="number"', "").replace(' class="n"', "")
        or str(len(likes)) in html
    )
    for words in ("What people did", "nothing", "might have seen", "payoff", "total", "follow"):
        assert words in html
    total = done.numbers[(done.numbers["name"] == "total") & (done.numbers["step"] == 5)]["value"].mean()
    assert f"{total:.2f}" in html


def test_what_was_remembered_is_shown_as_text(done: Run) -> None:
    html = str(memory_section(Page(snapshot(done))))
    assert "What they remembered" in html
    assert "<b>Hello" not in html
    assert "&lt;b&gt;Hello" in html
    assert "said" in html


def test_the_page_has_both_and_a_page_of_a_plain_run_has_neither(done: Run) -> None:
    page = render_report(done)
    assert 'id="doings"' in page
    assert 'id="memory"' in page
    plain = fake_run(Recipe())
    assert doings_section(Page(snapshot(plain))) is None
    assert memory_section(Page(snapshot(plain))) is None
