"""Several models in one run: who is answered for by which, from when, and what the page says of each."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from socsim_analysis.effects import effect_table
from socsim_analysis.report import render_report

from socsim import Run, Scenario, replay, run
from socsim.errors import ScenarioError
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.several import SeveralModels
from socsim.inference.types import Request
from socsim.scenario import load_scenario


def mixed(**parts: Any) -> Scenario:
    spec: dict[str, Any] = {
        "socsim": 1,
        "name": "mixed",
        "replicates": 6,
        "population": {"size": 8, "data": "none", "persona": {"renderer": "none"}},
        "network": {"graph": {"ring": {}}},
        "items": {
            "bus": {"type": "ordinal", "text": "Free buses?", "options": ["no", "yes"], "readout": {"labels": ["letters"]}}
        },
        "schedule": [
            {
                "phase": "talk",
                "repeat": 3,
                "interaction": {"kind": "neighbours"},
                "ask": ["bus"],
                "say": {"max_tokens": 8},
                "interventions": [{"kind": "model", "at": 2, "who": {"agents": [1]}, "model": "late"}],
            }
        ],
        "inference": {
            "engine": "scripted",
            "model": [{"name": "no", "share": 0.75}, {"name": "yes", "share": 0.25}, {"name": "x", "called": "late", "share": 0}],
        },
    }
    spec["items"]["bus"]["readout"]["orders"] = "fixed"
    return Scenario.model_validate(spec | parts)


def saying(name: str, share: float) -> ScriptedEngine:
    """A model that says its name, and yes with a probability."""

    def score(request: Request) -> tuple[float, ...]:
        forms = len(request.candidates) / 2
        return tuple(math.log((share if text.strip() == "B" else 1.0 - share) / forms) for text in request.candidates)

    return ScriptedEngine(lambda request, seed: f"I am {name}.", scorer=score)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    engines = SeveralModels({"no": saying("no", 0.1), "yes": saying("yes", 0.8), "late": saying("late", 0.5)})
    return run(mixed(), engine=engines, out=tmp_path_factory.mktemp("models") / "run")


def test_people_are_shared_out_and_keep_their_model_until_an_intervention(done: Run) -> None:
    levels = done.trials[done.trials["name"] == "model"].set_index(["replicate", "step", "agent"])["level"]
    for replicate in range(6):
        assert Counter(levels[replicate, 0]) == {"no": 6, "yes": 2}
        assert levels[replicate, 0].tolist() == levels[replicate, 1].tolist()
        assert levels[replicate, 2, 1] == "late"
    drawn = {tuple(levels[replicate, 0]) for replicate in range(6)}
    assert len(drawn) > 1
    for row in done.agents.itertuples():
        assert row.model == levels[row.replicate, 0, row.agent]
    for row in done.messages.itertuples():
        assert row.text == f"I am {levels[row.replicate, row.step, row.agent]}."


def test_results_are_told_by_model(done: Run) -> None:
    table = effect_table(done, "bus").set_index(["step", "level"])
    for step in range(3):
        row = table.loc[step, "yes"]
        assert (row["condition"], row["reference"], row["unit"], row["units"]) == ("model", "no", "world", 6)
        assert row["effect"] == pytest.approx(0.7)
    assert table.loc[2, "late"]["mean"] == pytest.approx(1.5)
    page = render_report(done)
    assert 'id="models"' in page
    assert "6 people (over all arms and replicates) changed to another model on the way, not all of them chosen by lot." in page
    assert "This does not hold of `model` from the step on" in page


def test_it_replays_without_any_engine(done: Run) -> None:
    assert replay(done.path).verified


def test_one_model_has_no_such_part(tmp_path: Path) -> None:
    spec = mixed(inference={"engine": "scripted"})
    plain = spec.model_copy(update={"schedule": (spec.schedule[0].model_copy(update={"interventions": ()}),)})
    found = run(plain, engine=saying("all", 0.5), out=tmp_path / "run")
    assert 'id="models"' not in render_report(found)
    assert found.trials.empty


def test_one_model_instead_of_several_leaves_no_intervention_undone_in_silence(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="wants the model 'late', which is not in this run"):
        run(mixed(), engine=saying("all", 0.5), model="no", out=tmp_path / "run")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("[{name: a, share: 0.5}, {name: a, share: 0.5}]", r"the model 'a' stands twice.*called"),
        ("[{name: a, share: 0.5}]", r"shares sum to 0.5"),
        ("[{name: a, share: 1, base_url: 'http://h/v1'}]", r"settings of the openai engine"),
        ("[{name: a, share: 1, engine: openai, base_url: 'http://h/v1', key: 'sk-secret'}]", r"not the name of an environment"),
        ("a", r"there is no model 'late'"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(tmp_path: Path, model: str, words: str) -> None:
    path = tmp_path / "s.yaml"
    phase = "  - {phase: p, interaction: none, say: {}, interventions: [{kind: model, who: {agents: [0]}, model: late}]}\n"
    text = f"socsim: 1\nname: x\npopulation: {{size: 4}}\nschedule:\n{phase}inference: {{engine: embedded, model: {model}}}\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=words) as refused:
        load_scenario(path)
    assert "sk-secret" not in str(refused.value)
