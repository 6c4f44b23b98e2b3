"""The report: what stands on the page of runs of every kind, and that no text of a run can become markup."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fake_run import Recipe, fake_run, money_run
from socsim_analysis.frames import RunLike
from socsim_analysis.markup import printable
from socsim_analysis.page import Page
from socsim_analysis.report import SECTIONS, render_report, write_report

from socsim import Request, Scenario, ScriptedEngine, run
from socsim.errors import Rejected

Make = Callable[..., Scenario]

HOSTILE = "</script><img src=x onerror=alert(1)>\"'& \u202eevil\u202c \u2066x\u2069 \x00 " + "W" * 300
SURVEY: dict[str, Any] = {"network": None, "schedule": [{"phase": "poll", "ask": ["tax"]}], "arms": ["treatment"]}


def _text(page: str) -> str:
    """What a reader sees of a page, without figures."""
    body = page[page.index("<main>") : page.index("</main>")]
    without = re.sub(r'<script type="application/json".*?</script>', "", body, flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without)))


def _sections(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)">', page)


def _figures(page: str) -> list[dict[str, Any]]:
    found = re.findall(r'<script type="application/json" id="figure-\d+-data">(.*?)</script>', page, flags=re.S)
    return [json.loads(figure) for figure in found]


@pytest.fixture(scope="module")
def debate_page() -> str:
    return render_report(fake_run(Recipe(noise=0.1)))


def test_page_holds_all_parts_in_order_and_links_to_them(debate_page: str) -> None:
    parts = [
        name
        for name in SECTIONS
        if name not in ("people", "forecast", "effects", "doings", "memory", "models", "sweep", "findings")
    ]
    assert _sections(debate_page) == parts
    assert re.findall(r'<a href="#(\w+)">', debate_page) == parts
    assert parts.index("contrast") < parts.index("trajectories") < parts.index("distribution") < parts.index("signal")


def test_page_says_what_was_asked_and_how_the_run_went(debate_page: str) -> None:
    text = _text(debate_page)
    for words in (
        "Does talk among neighbours pull private opinions together?",
        "34 simulated people in each of 3 arms (treatment, alone, shuffled)",
        "1 = strongly disagree",
        "1,400",
        "290,000 (72.5 %)",
        "5 min 0 s",
        "smollm2-135m",
        "abab" * 4,
        "root seed 20",
        "One world per arm. The page describes what happened in it and draws no conclusion",
        "no match",
        "timed out",
        "ideology",
    ):
        assert words in text, words


def test_contrast_comes_with_its_numbers(debate_page: str) -> None:
    text = _text(debate_page)
    assert re.search(r"spread of opinions changed by −\d\.\d\d scale points in “treatment” and by [+−]\d\.\d\d in “alone”", text)
    assert "n = 1 world per arm: no interval" in text


def test_every_figure_has_data_number_and_caption(debate_page: str) -> None:
    figures = _figures(debate_page)
    assert len(figures) == debate_page.count("<figcaption>") == len(re.findall(r"<b>Figure \d+\. </b>", debate_page)) >= 7
    assert all(figure["data"] for figure in figures)


def test_page_refers_to_nothing_outside(debate_page: str) -> None:
    markup = re.sub(r"<script>.*?</script>", "", debate_page, flags=re.S)
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", markup)
    assert "default-src 'none'" in markup


def test_fitted_weights_are_those_the_run_was_made_with(debate_page: str) -> None:
    text = _text(debate_page)
    assert re.search(r"DeGroot’s weight on the people read is 0\.\d\d in “treatment” and −?0\.\d\d in “alone”", text)
    assert "Friedkin–Johnsen" in text
    assert "same drift for all" in text


def test_a_deaf_model_is_called_so_at_the_top_and_in_the_signal_check() -> None:
    text = _text(render_report(fake_run(Recipe(weight=0.0, order_shift=3.0))))
    assert text.count("On this item the model does not react to persona or to messages.") == 2
    assert "Stronger open models" in text


def test_five_worlds_have_intervals_and_four_have_none() -> None:
    many, few = (_text(render_report(fake_run(Recipe(replicates=n, steps=3, noise=0.1)))) for n in (5, 4))
    assert "95 % interval" in many
    assert "Means over 5 worlds with 95 % t intervals" in many
    assert "n = 4 worlds per arm: no interval" in few
    assert "draws no conclusion" in few


def test_comparison_shows_floors_and_reference_rows_and_no_empty_parts() -> None:
    page = render_report(money_run(percent=(10,) * 10))
    text = _text(page)
    assert _sections(page) == ["asked", "people", "signal", "first", "failures", "run", "limits"]
    for words in (
        "0.093",
        "0.130",
        "0.204",
        "uniform distance 0.440",
        "always 19 distance 0.880",
        "Arad",
        "doi:10.1257",
        "no verdict",
    ):
        assert words in text, words
    assert "Compared with one published sample" in text
    assert "0.44" in text[: text.index("What was asked")]


def test_comparison_that_cannot_be_made_says_why() -> None:
    done = money_run()
    failed = done.responses.assign(status="failed", failure="no_match")
    assert "Finding money_request.basic: not assessed; no answer" in _text(render_report(replace(done, responses=failed)))
    other = done.scenario.model_copy(update={"items": {}})
    assert "not assessed; finding money_request.basic needs" in _text(render_report(replace(done, scenario=other)))


def test_run_of_one_arm_has_no_contrast_and_says_what_is_missing() -> None:
    page = render_report(fake_run(Recipe(arms=("treatment",), noise=0.1)))
    assert "contrast" not in _sections(page)
    assert "No control arm was run" in _text(page)


def test_failed_answers_only(make_debate: Make, tmp_path: Path) -> None:
    def failure(request: Request, seed: int, attempt: int) -> Exception:
        return Rejected("no")

    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine(failure=failure), report=True)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert done.status == "incomplete"
    assert _sections(page) == ["asked", "messages", "failures", "run", "forecast", "limits"]
    text = _text(page)
    assert "The run is incomplete" in text
    assert "64 of 64 answers (100.0 %)" in text
    assert "call failed" in text


def test_survey_at_one_step(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(**SURVEY), out=tmp_path / "run", engine=ScriptedEngine())
    path = write_report(done)
    page = path.read_text(encoding="utf-8")
    assert path == tmp_path / "run" / "report.html"
    assert _sections(page) == ["asked", "distribution", "signal", "first", "failures", "run", "forecast", "limits"]
    assert "None of the 8 answers failed" in _text(page)
    assert "No language model was asked" in _text(page)


def test_nominal_and_number_items(make_debate: Make, tmp_path: Path) -> None:
    items = {
        "party": {"type": "nominal", "text": "Which?", "options": ["red", "blue", "green"], "non_answers": ["don't know"]},
        "hours": {
            "type": "number",
            "text": "How many hours?",
            "unit": "hours",
            "range": [0, 24],
            "readout": {"method": "sample"},
        },
    }
    schedule = [{"phase": "poll", "ask": ["party", "hours"], "repeat": 2}]
    scenario = make_debate(network=None, items=items, schedule=schedule, arms=["treatment"])
    done = run(scenario, out=tmp_path / "run", engine=ScriptedEngine(lambda request, seed: f"{seed % 20}"))
    page = render_report(done)
    assert "distribution" in _sections(page)
    text = _text(page)
    assert "from 0 to 24 hours" in text
    assert "don't know" in json.dumps(_figures(page)).replace("&#x27;", "'")
    assert "party" not in text[text.index("Signal check: does") : text.index("First opinions and")]


def test_only_nominal_items_have_no_opinions(make_debate: Make, tmp_path: Path) -> None:
    items = {"party": {"type": "nominal", "text": "Which?", "options": ["red", "blue", "green"]}}
    scenario = make_debate(items=items, schedule=[{"phase": "poll", "ask": ["party"], "repeat": 2}])
    page = render_report(run(scenario, out=tmp_path / "run", engine=ScriptedEngine()))
    assert _sections(page) == ["asked", "distribution", "failures", "run", "forecast", "limits"]


def test_messages_without_items(make_debate: Make, tmp_path: Path) -> None:
    talk = {"phase": "talk", "repeat": 2, "interaction": {"kind": "neighbours"}, "say": {"max_tokens": 12, "topic": "Taxes"}}
    page = render_report(run(make_debate(items={}, schedule=[talk]), out=tmp_path / "run", engine=ScriptedEngine()))
    assert _sections(page) == ["asked", "messages", "failures", "run", "forecast", "limits"]
    assert "opinion before and after" not in _text(page)


def test_run_that_has_only_begun_has_a_page(make_debate: Make) -> None:
    empty: dict[str, pd.DataFrame] = {}
    done = fake_run()
    for name in ("agents", "ties", "messages", "responses", "readings", "seen", "calls", "events"):
        empty[name] = getattr(done, name).iloc[0:0]
    page = render_report(replace(done, status="running", **empty))
    assert _sections(page) == ["run", "limits"]
    assert "Nothing has been asked yet" in _text(page)


def test_real_run_shows_an_exact_exchange(make_debate: Make, tmp_path: Path) -> None:
    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine())
    text = _text(render_report(done))
    assert "One exact exchange with the model" in text
    assert "Taxes should be lower." in text


def test_items_beyond_the_most_that_are_drawn_are_named(make_debate: Make, tmp_path: Path) -> None:
    item = {"type": "ordinal", "options": ["no", "perhaps", "yes"]}
    items = {f"item_{k}": item | {"text": f"Number {k}?"} for k in range(8)}
    scenario = make_debate(network=None, items=items, schedule=[{"phase": "poll", "ask": list(items)}], arms=["treatment"])
    text = _text(render_report(run(scenario, out=tmp_path / "run", engine=ScriptedEngine())))
    assert "figures and tables show the first 6 of 8 items" in text


def hostile_run() -> RunLike:
    words = dict.fromkeys(("question", "source", "item", "option", "party", "persona", "message"), HOSTILE)
    done = fake_run(Recipe(noise=0.1, words=words))
    responses = done.responses.copy()
    responses.loc[responses["status"] == "failed", "failure"] = HOSTILE
    engine = done.manifest["engine"] | {"model": HOSTILE}
    arms = tuple(arm.model_copy(update={"name": HOSTILE}) if arm.name == "alone" else arm for arm in done.scenario.arms)
    scenario = done.scenario.model_copy(update={"name": HOSTILE, "arms": arms})
    frames = {name: getattr(done, name) for name in ("agents", "ties", "messages", "seen", "readings")} | {"responses": responses}
    renamed = {name: frame.assign(arm=frame["arm"].replace("alone", HOSTILE)) for name, frame in frames.items()}
    manifest = done.manifest | {"engine": engine, "name": HOSTILE, "reason": HOSTILE}
    return replace(done, scenario=scenario, manifest=manifest, **renamed)


def test_no_text_of_a_run_becomes_markup() -> None:
    whole = render_report(hostile_run())
    page = whole[: whole.index("</main>")]
    for text in ("<img", "\u202e", "\u2066", "\x00"):
        assert text not in page
    assert page.count("</script>") == page.count("<script")
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in page
    for figure in _figures(page):
        assert "<img" not in json.dumps(figure)


def test_empty_texts_are_shown_as_such() -> None:
    words = dict.fromkeys(("question", "source", "persona", "message"), "")
    page = render_report(fake_run(Recipe(words=words)))
    assert _sections(page)[-1] == "limits"


def test_joiners_and_wide_spaces_are_kept_and_controls_are_not() -> None:
    assert printable("می\u200cخواهم 5\u00a0000") == "می\u200cخواهم 5\u00a0000"
    assert printable("a\u202eb\x07\ud800") == "a\ufffdb\ufffd\ufffd"


def test_page_is_replaced_as_a_whole_and_can_be_written_elsewhere(tmp_path: Path) -> None:
    target = tmp_path / "there" / "page.html"
    assert write_report(money_run(), target) == target
    first = target.read_bytes()
    assert write_report(money_run(), str(target)) == target
    assert target.read_bytes() == first
    assert list(target.parent.iterdir()) == [target]


def test_half_a_page_is_never_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "page.html"
    target.write_text("old", encoding="utf-8")
    monkeypatch.setattr(Page, "signals", property(lambda self: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        write_report(fake_run(), target)
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]
