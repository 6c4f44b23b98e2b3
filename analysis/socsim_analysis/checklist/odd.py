"""A description of the model in the order of the ODD protocol, as far as the run folder knows it.

The seven elements and eleven design concepts are those of Grimm et al. (2020), *Journal of Artificial Societies and Social
Simulation* 23(2) 7, in their order and under their names. What a scenario cannot say (why, for whom, what a step stands for) is
marked as to be written.
"""

from __future__ import annotations

import math
import sys

import pandas as pd

from socsim.interactions.building import KINDS, spec_of
from socsim.scenario.schedule import ActivationSpec, PhaseSpec
from socsim.scenario.schedule_checks import phases
from socsim_analysis.checklist.entries import Entry, named, said, shown_list, to_write
from socsim_analysis.frames import Snapshot, arm_names, control_of, replicates, treatment_arm
from socsim_analysis.markdown import md_table, md_text
from socsim_analysis.markup import count, plural

__all__ = ["odd_entries"]

_WHAT_IS_SEEN = "Who sees what, when: "
_OF_OTHERS = ("neighbours", "dyads", "groups")
"""Interactions in which people see what others wrote or answered; the others show what is their own."""
_CONTROLS = {
    "alone": "nobody is shown anything of others",
    "yoked": "people are shown what people of another world wrote",
    "shuffled": "people are moved over the network, or ties rewired",
}
_METHODS = {
    "logprob": "probabilities of the options read from the model",
    "cloze": "probabilities of the options as ends of an unfinished sentence",
    "sample": "replies written by the model and parsed",
    "verbalized": "percentages that the model states for all options",
    "verbalized_sampling": "several answers that the model states with probabilities",
    "expert": "percentages that the model forecasts for people like the persona",
    "number": "a number that the model writes in a fixed form",
    "text": "replies in the model's own words",
}


def odd_entries(run: Snapshot) -> list[Entry]:
    """The seven elements, the fourth with its design concepts as further entries behind it."""
    return [
        _purpose(run),
        _entities(run),
        _process(run),
        Entry("4. Design concepts"),
        *_concepts(run),
        _initialization(run),
        _input_data(run),
        _submodels(run),
    ]


def _phases(run: Snapshot) -> list[PhaseSpec]:
    return [phase for _, phase, _ in phases(run.scenario)]


def _purpose(run: Snapshot) -> Entry:
    scenario = run.scenario
    lines = [named("Question of the study", scenario.question) if scenario.question else to_write("the question of the study")]
    lines += [named("Source named in the scenario", scenario.source)] if scenario.source else []
    lines.append(to_write("what the model is for (prediction, explanation, theory, illustration …), and for whom"))
    if scenario.compare:
        lines.append(named("Patterns: findings about people that the run is held against", shown_list(
            entry.finding for entry in scenario.compare)))  # fmt: skip
        lines.append(to_write("why these patterns decide whether the model serves its purpose"))
    else:
        lines.append(to_write("patterns by which the model is judged; the scenario names no finding about people"))
    return Entry("1. Purpose and patterns", lines)


def _entities(run: Snapshot) -> Entry:
    scenario, people = run.scenario, run.scenario.population
    sizes = run.agents.groupby(["arm", "replicate"]).size() if len(run.agents) else pd.Series(dtype=int)
    size = f"{count(sizes.min())} to {count(sizes.max())}" if len(sizes) and sizes.min() != sizes.max() else count(people.size)
    lines = [
        named("Agents", f"{size} simulated people in each world; {plural(len(replicates(run)), 'world')} in each arm"),
        named("Ties", _ties_words(run)),
        named("Time", f"{_steps_words(run)}; there is no space but the network"),
        to_write("what a step stands for (a meeting, a day …), or that it stands for nothing in particular"),
        to_write("why these entities and variables, and what was left out"),
    ]
    rows = [*_fact_rows(run), *_item_rows(run), *_other_rows(run)]
    table = md_table(["state variable", "of", "kind and range", "changes"], [[md_text(cell) for cell in row] for row in rows])
    confederates = sum(1 for _ in people.confederates)
    if confederates:
        lines.insert(1, named("Confederates", f"{plural(confederates, 'group')} of agents that follow a script"))
    if scenario.memory is not None:
        lines.insert(1, named("Memory of an agent", f"kind {scenario.memory.kind}, of {shown_list(scenario.memory.what)}"))
    return Entry("2. Entities, state variables, and scales", lines, [table] if rows else [])


def _ties_words(run: Snapshot) -> str:
    if run.scenario.network is None:
        return "none; there is no network"
    arm = treatment_arm(run)
    sizes = run.ties[run.ties["arm"] == arm].groupby("replicate").size() if len(run.ties) else pd.Series(dtype=int)
    direction = "directed" if run.scenario.network.directed else "without direction, counted once each way"
    changing = "; ties change" if len(run.tie_changes) or run.scenario.network.changes else ""
    found = shown_list([count(n) for n in dict.fromkeys(sizes.tolist())], 5) or "no"
    return f"{found} readings of one by another in a world of “{arm}” at the start, {direction}{changing}"


def _steps_words(run: Snapshot) -> str:
    parts = [f"{phase.phase} ({plural(phase.repeat, 'step')})" for phase in _phases(run)]
    return f"discrete steps: {shown_list(parts)}"


def _fact_rows(run: Snapshot) -> list[list[str]]:
    rows = []
    for column in [name for name in run.agents.columns if name.startswith(("fact_", "reference_"))]:
        values = run.agents[column].dropna()
        where = "told to the model" if column.startswith("fact_") else "held back from the model, for checks"
        rows.append([column.partition("_")[2], f"agent ({where})", _range(values), "no"])
    if len(run.agents) and run.agents["persona"].ne("").any():
        rows.append(["persona", "agent", "text made of the facts", "no"])
    return rows


def _range(values: pd.Series) -> str:
    if not len(values):
        return "no value"
    if pd.api.types.is_numeric_dtype(values):
        return f"number, {values.min():g} to {values.max():g}"
    kinds = values.astype(str).unique()
    return f"category, {plural(len(kinds), 'value')}: {shown_list(kinds, 8)}"


def _item_rows(run: Snapshot) -> list[list[str]]:
    items = run.scenario.items if isinstance(run.scenario.items, dict) else {}
    rows = []
    for name, spec in items.items():
        kind = shown_list(spec.options, 12) if spec.options else spec.type
        if spec.type == "number":
            low, high = spec.range or (-math.inf, math.inf)
            kind = f"number, {low:g} to {high:g} {spec.unit or ''}".strip()
        rows.append([f"private answer: {name}", "agent", f"{spec.type}: {kind}", "when asked"])
    return rows


def _other_rows(run: Snapshot) -> list[list[str]]:
    rows = []
    if len(run.messages):
        rows.append(["public message", "agent", "text", "when it writes"])
    names = list(dict.fromkeys(run.numbers["name"])) if len(run.numbers) else []
    rows += [[str(name), "agent (kept by the model)", "number", "by the interaction"] for name in names[:12]]
    return rows


def _process(run: Snapshot) -> Entry:
    lines = []
    for number, phase in enumerate(_phases(run), start=1):
        spec = spec_of(phase)
        parts = [f"{plural(phase.repeat, 'step')}", f"who acts: {_activation(phase)}", f"interaction: {spec.kind}"]
        parts += [f"remembered from before: {shown_list(phase.remember)}"] if phase.remember else []
        parts += [f"asked privately: {shown_list(phase.ask)}"] if phase.ask else []
        parts += [f"writes a message of at most {phase.say.max_tokens} tokens"] if phase.say is not None else []
        parts += [f"interventions: {shown_list(one.kind for one in phase.interventions)}"] if phase.interventions else []
        lines.append(named(f"Phase {number}, “{phase.phase}”", "; ".join(parts)))
    lines.append(
        said(
            "Within a step every turn is observe, act, apply: an agent sees a snapshot that the schedule defines, the model is "
            "asked, and the world changes in a fixed order. The result is that of one turn after the other in the order of the "
            "schedule, whatever the order in which replies arrive."
        )
    )
    lines.append(to_write("why things happen in this order"))
    return Entry("3. Process overview and scheduling", lines)


def _activation(phase: PhaseSpec) -> str:
    activation = phase.activation
    if not isinstance(activation, ActivationSpec):
        return str(activation).replace("_", " ")
    given = activation.model_dump(exclude_defaults=True, exclude={"kind"})
    tail = f" ({', '.join(f'{key} = {value}' for key, value in given.items())})" if given else ""
    return f"{activation.kind.replace('_', ' ')}{tail}"


def _concepts(run: Snapshot) -> list[Entry]:
    specs = [spec_of(phase) for phase in _phases(run)]
    kinds = list(dict.fromkeys(spec.kind for spec in specs if spec.kind != "none"))
    learning = shown_list(dict.fromkeys(name.replace("_", " ") for phase in _phases(run) for name in phase.remember))
    told = f"remembers: {learning}" if learning else "remembers nothing of earlier steps"
    seen = int((run.seen["author"] >= 0).sum()) if len(run.seen) else 0
    games = (
        "Payoffs are told in the prompt and paid by the model." if "games" in kinds else "No objective is given but in prompts."
    )
    entries: list[tuple[str, list[str]]] = [
        ("4.1 Basic principles", _principles(run)),
        ("4.2 Emergence", _emergence(run)),
        ("4.3 Adaptation", _adaptation(run)),
        ("4.4 Objectives", [said(games), to_write("objectives that the prompts suggest")]),
        ("4.5 Learning", [said(f"The model's weights do not change. Over steps an agent {told}.")]),
        ("4.6 Prediction", [
            said("No prediction is computed; what a model expects is inside it."),
            to_write("whether prompts ask agents to foresee what others do")]),
        ("4.7 Sensing", [*_sensing(run), to_write("whether people in the situation studied would know this")]),
        ("4.8 Interaction", [
            named("Ways of meeting", shown_list(kinds) or "none; nobody sees anything of others"),
            said(f"Texts and answers of others in prompts: {count(seen)} (rows of the table seen). Counts that an interaction "
                 "tells, such as how many have adopted, are not among them.")]),
        ("4.9 Stochasticity", _stochasticity(run)),
        ("4.10 Collectives", [said(_collectives(run)), to_write("collectives that matter and are not in the model")]),
        ("4.11 Observation", _observation(run)),
    ]  # fmt: skip
    return [Entry(title, lines, within=True) for title, lines in entries]


def _principles(run: Snapshot) -> list[str]:
    fitted = run.scenario.baselines
    return [
        said(
            "Agents decide by a language model that reads a persona, what is remembered and what is seen, and is asked in words."
        ),
        *([named("Classical models fitted beside it", shown_list(fitted))] if fitted else []),
        to_write("theories and hypotheses behind the design, and how the model takes them up"),
    ]


def _emergence(run: Snapshot) -> list[str]:
    arms = [f"{arm} ({_CONTROLS[control]})" if (control := control_of(run, arm)) else arm for arm in arm_names(run)]
    return [
        said("Answers and messages are the model's; distributions, agreement, spread and what goes over ties follow from them."),
        named("Held against variants of the world", shown_list(arms))
        if len(arms) > 1
        else said("There is no other arm, so what interaction adds cannot be told apart from being asked again."),
        to_write("which results emerge, and which are built in by persona texts, options or wording"),
    ]


def _adaptation(run: Snapshot) -> list[str]:
    by_rule = int((run.responses["method"] == "scripted").sum()) if len(run.responses) else 0
    script = f" {count(by_rule)} of {count(len(run.responses))} answers follow a script or rule." if by_rule else ""
    return [
        said(f"Agents adapt only through what their next prompt holds; no rule of adaptation is imposed.{script}"),
        to_write("what in the prompt is meant to make agents adapt"),
    ]


def _observation(run: Snapshot) -> list[str]:
    names = ("agents", "ties", "responses", "messages", "seen", "actions", "numbers", "calls")
    sizes = [f"{name} {count(len(getattr(run, name)))}" for name in names if len(getattr(run, name))]
    return [
        said("Everything is logged; tables hold one row per agent, step and variable."),
        named("Rows", shown_list(sizes)),
    ]


def _sensing(run: Snapshot) -> list[str]:
    lines = []
    for phase in _phases(run):
        spec = spec_of(phase)
        if spec.kind in ("none", "survey"):
            lines.append(named(f"In “{phase.phase}”", "the question, and what is remembered"))
            continue
        if spec.kind not in _OF_OTHERS:
            lines.append(named(f"In “{phase.phase}”", f"what the interaction {spec.kind} shows; see 7"))
            continue
        most = f", at most {spec.at_most}" if spec.at_most is not None else ""
        lines.append(
            named(f"In “{phase.phase}”", f"{spec.see} of {'neighbours' if spec.of == 'neighbours' else 'everybody'}{most}")
        )
    return lines


def _stochasticity(run: Snapshot) -> list[str]:
    scenario = run.scenario
    drawn = ["people" if scenario.population.data != "none" or scenario.population.marginals is not None else ""]
    drawn += ["ties and who stands where"] if scenario.network is not None else []
    drawn += ["who acts when, and what is shown of what there is"]
    drawn += [f"conditions ({shown_list(scenario.conditions)})"] if scenario.conditions else []
    drawn += ["answers, out of the model's probabilities, by the run's own generator", "texts, by the engine's sampling"]
    return [
        named("Drawn at random", "; ".join(one for one in drawn if one)),
        said(f"One root seed ({run.manifest.get('seed', scenario.seed)}) gives independent named streams; arms share them, so "
             "that they differ by design and not by luck."),
    ]  # fmt: skip


def _collectives(run: Snapshot) -> str:
    groups = [phase.phase for phase in _phases(run) if isinstance(phase.activation, ActivationSpec) and phase.activation.size]
    return f"Groups are formed in {shown_list(groups)}." if groups else "No collectives are represented but the network itself."


def _initialization(run: Snapshot) -> Entry:
    people, network = run.scenario.population, run.scenario.network
    told = shown_list(people.persona.facts or people.facts)
    where = "synthetic people from given shares" if people.marginals is not None else people.data
    lines = [
        named("People", f"{where}; {'drawn anew in every replicate' if people.per_world else 'the same in all replicates'}"),
        named("Drawn", f"{'with' if people.sample.replace else 'without'} replacement"
              f"{', by survey weight' if people.sample.weighted and people.weight else ''}"
              f"{', by quotas of ' + shown_list(people.sample.quotas) if people.sample.quotas else ''}"),
        named("Persona", f"renderer {people.persona.renderer}; facts {told or 'none'}"),
    ]  # fmt: skip
    if network is not None:
        graph = network.graph
        parameters = ", ".join(f"{key} = {value}" for key, value in graph.parameters.items())
        named_graph = graph.name or graph.generator or graph.file or "not named"
        placed = f"{network.place.by}{f' on {network.place.on}' if network.place.on else ''}"
        lines.append(named("Network", f"{named_graph}{f' ({parameters})' if parameters else ''}; people placed by {placed}"))
    lines.append(named("Root seed", str(run.manifest.get("seed", run.scenario.seed))))
    lines.append(to_write("why these people, this number of them and this network; what was tried beside it"))
    return Entry("5. Initialization", lines)


def _input_data(run: Snapshot) -> Entry:
    folder = run.path / "inputs"
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    news = [one for phase in _phases(run) for one in phase.interventions]
    lines = [
        named("External input during the run", shown_list(f"{one.kind} at step {one.at} of its phase" for one in news))
        if news
        else said("The model takes no external input during the run: no time series and no data that drive it.")
    ]
    lines.append(
        named("Files copied into the run folder", shown_list(files)) if files else said("The scenario names no further file.")
    )
    lines.append(to_write("source, date, licence and preparation of the data that people and texts come from"))
    return Entry("6. Input data", lines)


def _submodels(run: Snapshot) -> Entry:
    lines = []
    for kind in dict.fromkeys(spec_of(phase).kind for phase in _phases(run)):
        words = _documented(kind)
        if words:
            lines.append(named(f"Interaction {kind}", words))
    items = run.scenario.items if isinstance(run.scenario.items, dict) else {}
    for name, spec in items.items():
        readout = spec.readout
        lines.append(named(f"Answer to {name}", f"{_METHODS.get(readout.method, readout.method)} ({readout.method})"))
    failures = run.scenario.failures
    lines.append(
        named(
            "A reply that is no answer",
            f"is asked again up to {plural(failures.retry, 'time')}, shown for repair up to {plural(failures.repair, 'time')}, "
            f"then {'left missing' if failures.then == 'exclude' else 'ends the run'}; it never becomes an answer",
        )
    )
    for arm in run.scenario.arms:
        if arm.control is not None:
            lines.append(named(f"Arm {arm.name}", _CONTROLS[arm.control]))
        elif arm.patch:
            lines.append(named(f"Arm {arm.name}", f"differs from the scenario in {shown_list(arm.patch)}"))
    lines.append(said("The whole scenario, word for word, is scenario.yaml in the run folder; prompts stand under C.1 below."))
    return Entry("7. Submodels", lines)


def _documented(kind: str) -> str:
    """What an interaction says of itself: who sees what, when."""
    if kind not in KINDS:
        return "of the study's own" if kind == "custom" else ""
    text = sys.modules[KINDS[kind].__module__].__doc__ or ""
    _, found, rest = text.partition(_WHAT_IS_SEEN)
    return " ".join(rest.partition("\n\n")[0].split()).replace("``", "") if found else ""
