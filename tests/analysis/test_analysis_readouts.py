"""Reports of runs whose answers are texts, stated percentages and numbers in a fixed form."""

from __future__ import annotations

import re

import pytest
from socsim_analysis.report import write_report

from socsim import run
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.types import Request
from socsim.scenario import Scenario

SCENARIO = Scenario.model_validate(
    {
        "socsim": 1,
        "name": "readouts",
        "population": {"size": 3, "data": "statsmodels/anes96", "facts": {"age": "age"}},
        "items": {
            "percent": {
                "type": "ordinal",
                "text": "Lower taxes?",
                "options": ["no", "so", "yes"],
                "readout": {"method": "verbalized"},
            },
            "words": {"type": "text", "text": "Why?", "readout": {"method": "text"}},
            "turned": {
                "type": "nominal",
                "text": "Which?",
                "options": ["red", "green", "blue"],
                "readout": {"orders": "shuffled", "temperature": 2},
            },
        },
        "schedule": [{"phase": "one", "repeat": 2, "ask": ["percent", "words", "turned"]}],
        "failures": {"retry": 0, "repair": 1},
        "inference": {"engine": "scripted"},
    }
)


def reply(request: Request, seed: int) -> str:
    text = "".join(segment.text for segment in request.segments)
    if "percentage" not in text:
        return f"<b>Because</b> of reason {seed}."
    return '{"A": 20, "B": 30, "C": 50}' if "cannot be read" in text else "?"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    finished = run(SCENARIO, out=tmp_path_factory.mktemp("runs") / "run", engine=ScriptedEngine(reply=reply))
    write_report(finished)
    html = (finished.path / "report.html").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", html)


def test_each_readout_is_explained(page: str) -> None:
    assert "percentages that the model states for all options" in page
    assert "written by the model in its own words" in page
    assert "with the options in an order drawn anew for every person and step" in page
    assert "temperature 2" in page


def test_texts_are_shown_as_texts(page: str) -> None:
    assert "words: 6 of 6 answers in words (6 different ones)" in page
    assert "&lt;b&gt;Because&lt;/b&gt; of reason" in page
    assert "<b>Because</b>" not in page


def test_repaired_answers_are_counted(page: str) -> None:
    assert "6 answers could be read only after the model was shown its reply and what was wrong with it." in page


def test_stated_percentages_are_not_called_probabilities_of_the_model(page: str) -> None:
    assert "mean over people of the percentages that the model states" in page
    assert "percent: mean over people of the probabilities" not in page
