"""The items of GUIDE-LLM, filled as far as the run folder knows them, and further ones of our own.

Codes (A.1 … G.1) and topics of the fourteen core items, and the eight optional ones without codes, are those of the summary at
https://www.llm-checklist.com/checklist (Feuerriegel et al., 2026, *Nature Human Behaviour*); the wording here is ours. The full
checklist with its instructions stands there, and is what to hand in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from socsim.models.catalog import CATALOG
from socsim.prompts import DEFAULTS
from socsim.readouts.plans import option_values
from socsim.scenario.asking import AnyOf, FileText, ItemSpec
from socsim.scenario.engines import SamplingSpec
from socsim_analysis.checklist.entries import Entry, named, said, shown_list, to_write
from socsim_analysis.failures import call_failures, failures_by_kind
from socsim_analysis.frames import Snapshot, arm_names, replicates
from socsim_analysis.leakage import families_of, giveaway_sentences, giveaways_of
from socsim_analysis.markdown import md_code_block, md_text
from socsim_analysis.markup import count, numeral, percent, plural
from socsim_analysis.probes import probe_of, probe_sentences

__all__ = ["core_entries", "optional_entries", "own_entries"]

_ACCESS = {
    "embedded": "in this process, from a model file (llama.cpp); no network",
    "openai": "over HTTP, in OpenAI's wire format",
    "vllm": "in this process (vLLM)",
    "transformers": "in this process (transformers)",
    "scripted": "none: a script replied in place of a model",
}
_MOST_EXAMPLES = 6
_LONGEST = 6000


def core_entries(run: Snapshot, examples: Sequence[tuple[str, str]], against_people: Sequence[str]) -> list[Entry]:
    """The fourteen core items.

    Args:
        run: the run.
        examples: exact exchanges with the model, each with where it took place.
        against_people: sentences of the page on how the run compares with people.
    """
    return [
        Entry("A.1 What language models were used for", _purposes(run)),
        Entry("A.2 People in the loop, or fully automated", [
            said("Within the run nobody intervened: every reply was read by program."),
            to_write("where people chose, checked or changed something (prompts, pilots, reading of texts)")]),
        Entry("B.1 Model, provider, size, version, access date, source", _models(run)),
        Entry("B.2 Way of access, and kind of call", _access(run)),
        Entry("B.3 Parameters", _parameters(run)),
        Entry("B.4 Fine-tuning or customisation", _customised(run)),
        Entry("B.5 State between calls", [
            said("None: every call is a request of its own, and holds all that the model is told. What carries over from earlier "
                 "steps stands in the prompt word for word."),
            named("Carried over", shown_list(dict.fromkeys(_remembered(run))) or "nothing")]),
        _prompts(run, examples),
        Entry("C.2 System-wide instructions", _system(run), [md_code_block(_template(run, "system") or "(empty)")]),
        Entry("D.1 Personal or sensitive data", _data(run)),
        Entry("E.1 Validation against people", _validation(run, against_people)),
        Entry("E.2 Filtering, reformatting, other post-processing", _processing(run)),
        Entry("F.1 Code for the calls, and its availability", [
            named("Code", f"socsim {run.manifest.get('socsim', '')}, git commit {run.manifest.get('git_commit') or 'not known'}, "
                  "Apache-2.0"),
            said("scenario.yaml and inputs/ in the run folder are all that was declared; record.sqlite holds every call."),
            to_write("where scenario, record and analysis are deposited, and under which licences")]),
        Entry("G.1 Funding, support, relationships", [to_write("funding, credits or support, relations to providers of models")]),
    ]  # fmt: skip


def optional_entries(run: Snapshot, reaction: Sequence[str]) -> list[Entry]:
    """The eight optional items, which have no codes; ``reaction`` is what the page's signal check says."""
    counts = run.manifest.get("counts") or {}
    tokens = {key: _known(counts.get(key)) for key in ("prompt_tokens", "cached_tokens", "completion_tokens")}
    wording = [said(one) for one in reaction] or [said("No signal check: the run has no item with numeric answers.")]
    others = named("Classical models fitted", shown_list(run.scenario.baselines)) if run.scenario.baselines else said(
        "No classical model is named in the scenario.")  # fmt: skip
    return [
        Entry("Why this model", [to_write("reasons: performance, openness, reproducibility, ethics, cost, ease of use")]),
        Entry("Why these prompts", [*wording, to_write("how prompts were made, which others were tried, and what they gave")]),
        Entry("Other methods and models", [
            named("Models in this run", shown_list(run.scenario.inference.labels)), others,
            to_write("other models and methods compared, or why none")]),
        Entry("Leakage of training data", _leakage(run)),
        Entry("Bias and systematic differences", [to_write("groups or topics for which answers may be wrong in one direction")]),
        Entry("Transcripts", [
            said("All prompts and replies, token for token, are in record.sqlite; “socsim show” prints any, and “socsim record "
                 "export” all of them."),
            to_write("whether they may be shared, and where they are")]),
        Entry("Ethical implications", [to_write("risks of the research and of its publication; ethics approval, or why none")]),
        Entry("Computational resources", [
            named("Platform", f"{run.manifest.get('platform', '')}; Python {run.manifest.get('python', '')}"),
            named("Calls", f"{count(counts.get('calls', len(run.calls)))}, {tokens['prompt_tokens']} prompt tokens ("
                  f"{tokens['cached_tokens']} from a cache), {tokens['completion_tokens']} written"),
            named("Time", f"{numeral(float(run.manifest.get('elapsed_s') or 0.0), 1)} s"),
            named("Cost", _cost(run)),
            to_write("processors or GPUs, and energy; the run does not measure energy")]),
    ]  # fmt: skip


def own_entries(run: Snapshot) -> list[Entry]:
    """Items of our own that neither protocol names, or that a simulation needs in more detail."""
    worlds = len(replicates(run))
    finished = run.status in ("complete", "incomplete")
    return [
        Entry("Repetitions and seeds", [
            named("Worlds", f"{plural(worlds, 'world')} in each of {plural(len(arm_names(run)), 'arm')}; root seed "
                  f"{run.manifest.get('seed', run.scenario.seed)}"),
            said("With one world per arm nothing is said about how much worlds differ." if worlds < 2 else
                 "The unit of inference is the world."),
            to_write("how the number of worlds was chosen (socsim advise), and how many runs were made that are not reported")]),
        Entry("Failures and exclusions", _failed(run)),
        Entry("Reproducibility", [
            said("The record reproduces every table without a model (socsim replay). Asked afresh, the same model may answer "
                 "somewhat differently, as engines are not exact from run to run."),
            named("Tables written", f"{'all' if finished else 'not yet'}; their hashes stand in manifest.json"),
            named("Scenario, SHA-256", str(run.manifest.get("scenario_sha256", "")))]),
        Entry("Human reference", _reference(run)),
        Entry("Licences", [*_licences(run), to_write("licences of data, texts and pictures used, and of what is published")]),
        Entry("Plan", [to_write("preregistration or analysis plan with its date, and what was done otherwise")]),
    ]  # fmt: skip


def _known(number: int | None) -> str:
    """A count in words; what a run that goes on has not written down yet is unknown, not 0."""
    return "an unknown number of" if number is None else count(number)


def _cost(run: Snapshot) -> str:
    paid = float(run.manifest.get("usd") or 0.0)
    price = str((run.manifest.get("forecast") or {}).get("price") or "the run knew")
    return (
        f"{numeral(paid, 4)} US dollars by these prices: {price}" if paid else f"no charge is known to the run; prices: {price}"
    )


def _leakage(run: Snapshot) -> list[str]:
    found, families = probe_of(run), families_of(run.scenario)
    probed = [sentence for family in families for sentence in probe_sentences(found, family)] if found is not None else []
    lines = [said(one) for one in (*giveaway_sentences(giveaways_of(run)), *probed)]
    if families and found is None:
        lines.append(said("No probe of the model lies in the run folder (socsim probe)."))
    return [
        said("A run cannot show what a model has read. Published findings, scales and data sets are likely to be in its training "
             "data; closeness to them is no proof of the same reasons."),
        *lines,
        to_write("further checks (other words or numbers, data after the model's cut-off), and results"),
    ]  # fmt: skip


def _purposes(run: Snapshot) -> list[str]:
    texts = f" and {count(len(run.messages))} public messages" if len(run.messages) else ""
    asked = f"{count(len(run.responses))} private answers{texts}"
    lines = [said(f"Simulated people: {asked} were asked of a model, in the words of C.1 and C.2.")]
    if _engine(run) == "scripted":
        lines = [said("None: a script replied in place of a model, so this run says nothing about models or people.")]
    lines.append(to_write("other uses in the project (writing, programming, coding of texts, translation)"))
    return lines


def _engine(run: Snapshot) -> str:
    return str((run.manifest.get("engine") or {}).get("engine", run.scenario.inference.engine))


def _identities(run: Snapshot) -> list[Mapping[str, Any]]:
    """The identity of each model; of several, the manifest has their parts among its settings, as ``NAME.part``."""
    engine = run.manifest.get("engine") or {}
    names = run.scenario.inference.labels
    if len(names) < 2:
        return [engine]
    settings = dict(engine.get("settings") or ())
    parts = {name: {key.removeprefix(f"{name}."): value for key, value in settings.items() if key.startswith(f"{name}.")}
             for name in names}  # fmt: skip
    return [{**part, "model": part.get("model") or name} for name, part in parts.items()]


def _models(run: Snapshot) -> list[str]:
    lines = []
    for engine in _identities(run):
        name = str(engine.get("model", "not named"))
        lines.append(named("Model", name))
        known = CATALOG.get(name)
        if known is not None:
            lines.append(named("Known as", f"{known.description}; from: {known.source}"))
        for words, key in (("Stored as (quantisation)", "quantisation"), ("File, SHA-256", "file_sha256"), ("Engine", "version")):
            if engine.get(key):
                lines.append(named(words, str(engine[key])))
        if known is None and not engine.get("file_sha256"):
            lines.append(to_write(f"provider, exact version and size of {name}; its name alone may stand for several models"))
    dates = [str(run.manifest[key]) for key in ("started", "finished") if run.manifest.get(key)]
    lines.append(named("Accessed", " to ".join(dates) or "not recorded"))
    lines.append(to_write("link to the model or its card"))
    return lines


def _access(run: Snapshot) -> list[str]:
    engine, manifest = _engine(run), run.manifest
    endpoint = run.scenario.inference.endpoint
    lines = [
        named("Access", _ACCESS.get(engine, engine) + (f"; kind of server: {endpoint.kind}" if endpoint is not None else ""))
    ]
    lines.append(named("Kind of call", f"separate calls, no chat session; prompt style {manifest.get('style', 'not recorded')}"))
    settings = (manifest.get("engine") or {}).get("settings") or ()
    if settings:
        lines.append(named("Engine settings", shown_list(f"{key} = {value}" for key, value in settings)))
    if engine == "openai":
        lines.append(to_write("provider, address and terms of the service"))
    return lines


def _parameters(run: Snapshot) -> list[str]:
    written = len(run.responses) and not run.responses["method"].isin(["logprob", "cloze", "scripted"]).all()
    lines = [_sampling(run, "say")] if len(run.messages) else []
    lines += [_sampling(run, "sample")] if written else []
    items = run.scenario.items if isinstance(run.scenario.items, dict) else {}
    lines += [named(f"Answer to {name}", _readout(spec)) for name, spec in items.items()]
    for item in dict.fromkeys(run.responses["item"]) if len(run.responses) else ():
        if item not in items:
            how = run.responses.loc[run.responses["item"] == item, "method"].unique()
            lines.append(named(f"Choice that an interaction puts: {item}", f"read by {shown_list(how)}"))
    lines.append(named("Root seed", str(run.manifest.get("seed", run.scenario.seed))))
    lines.append(named("Runs", f"{plural(len(replicates(run)), 'world')} in each arm"))
    return lines


def _sampling(run: Snapshot, profile: Literal["say", "sample"]) -> str:
    profiles = run.scenario.inference.profiles
    sampling = profiles.get(profile) or SamplingSpec()
    given = ", ".join(f"{key} {value:g}" for key, value in sampling.model_dump().items())
    words = "Sampling of texts" if profile == "say" else "Sampling of replies that are parsed"
    return named(words, f"{given}{'' if profile in profiles else ' (defaults)'}")


def _readout(spec: ItemSpec) -> str:
    readout = spec.readout
    without = {"frames", "answer_prefix", "persona_in_frame"}
    without |= {"n", "answers", "max_tokens"} if readout.method in ("logprob", "cloze") else set()
    given = readout.model_dump(exclude=without, exclude_none=True)
    return ", ".join(
        f"{key} {value if not isinstance(value, list | tuple) else shown_list(value)}" for key, value in given.items()
    )


def _customised(run: Snapshot) -> list[str]:
    inference = run.scenario.inference
    shares = inference.model if isinstance(inference.model, tuple) else ()
    adapters = [one for one in (inference.adapter, *(share.adapter for share in shares)) if one]
    steering = [one.vector for one in (inference.steering, *(share.steering for share in shares)) if one is not None]
    lines = [named("Adapters", shown_list(adapters))] if adapters else []
    lines += [named("Activation steering", shown_list(steering))] if steering else []
    if not lines:
        lines = [said("None in this run: no adapter, no steering. Whatever its provider did to the model is not known here.")]
    stored = [str(engine["quantisation"]) for engine in _identities(run) if engine.get("quantisation")]
    lines += [named("Weights are quantised", shown_list(dict.fromkeys(stored)))] if stored else []
    return [*lines, to_write("data and procedure of the fine-tuning")] if adapters or steering else lines


def _remembered(run: Snapshot) -> list[str]:
    from socsim.scenario.schedule_checks import phases

    return [name.replace("_", " ") for _, phase, _ in phases(run.scenario) for name in phase.remember]


def _template(run: Snapshot, name: str) -> str:
    given = getattr(run.scenario.prompts, name)
    if isinstance(given, AnyOf):
        return "\n\nor\n\n".join(f"(file {one.file})" if isinstance(one, FileText) else str(one) for one in given.any_of)
    return DEFAULTS[name] if given is None else f"(file {given.file})" if isinstance(given, FileText) else str(given)


def _prompts(run: Snapshot, examples: Sequence[tuple[str, str]]) -> Entry:
    items = run.scenario.items if isinstance(run.scenario.items, dict) else {}
    own = [name for name in type(run.scenario.prompts).model_fields if getattr(run.scenario.prompts, name) is not None]
    lines = [
        said("Every prompt as it was sent is in the record. Below: items, templates of the scenario, and exact exchanges."),
        named(
            "Templates that the scenario does not word", f"socsim's defaults, version {run.manifest.get('prompts_version', '')}"
        ),
    ]
    blocks = []
    for name, spec in items.items():
        text = spec.text or (f"(file {spec.text_file})" if spec.text_file else "")
        values = option_values(spec) or (None,) * len(spec.options)
        options = [f"- {option}" + ("" if value is None else f" = {value:g}")
                   for option, value in zip(spec.options, values, strict=True)]  # fmt: skip
        blocks.append(f"Item {md_text(name)}:\n\n{md_code_block(chr(10).join([text, *options]))}")
    blocks += [f"Template {md_text(name)}:\n\n{md_code_block(_template(run, name))}" for name in own]
    for where, text in examples[:_MOST_EXAMPLES]:
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n…"
        blocks.append(f"Exact exchange, {md_text(where)}:\n\n{md_code_block(shown)}")
    return Entry("C.1 Prompts, word for word", lines, blocks)


def _system(run: Snapshot) -> list[str]:
    source = "socsim's default" if run.scenario.prompts.system is None else "the scenario"
    return [named("Template of the system message", f"of {source}; it holds the persona, and nothing else is put in front")]


def _data(run: Snapshot) -> list[str]:
    people = run.scenario.population
    told = shown_list(people.persona.facts or people.facts)
    lines = [
        said("No data of people: agents have no persona drawn from data.")
        if people.data == "none" and people.marginals is None
        else named("People drawn from", f"{'given shares' if people.marginals is not None else people.data}; told to the model: "
                   f"{told or 'nothing'}")
    ]  # fmt: skip
    if people.documents:
        lines.append(named("Texts of people told to the model", shown_list(people.documents)))
    left = _engine(run) == "openai"
    lines.append(said("Prompts were sent to a server; whether they left the institution is not known here." if left else
                      "Prompts did not leave the machine that ran the model."))  # fmt: skip
    lines.append(to_write("whether data are personal or sensitive, consent and terms of use, and how they were protected"))
    return lines


def _validation(run: Snapshot, against_people: Sequence[str]) -> list[str]:
    lines = [said(one) for one in against_people]
    if not lines:
        lines = [said("Nothing in this run was held against answers of people.")]
    parsed = run.responses["method"].isin(["sample", "text"]).any() if len(run.responses) else False
    if parsed:
        lines.append(to_write("how the reading of replies was checked by people, with agreement"))
    lines.append(to_write("further validation by people, or why none"))
    return lines


def _processing(run: Snapshot) -> list[str]:
    lines = []
    items = run.scenario.items if isinstance(run.scenario.items, dict) else {}
    scored = [name for name, spec in items.items() if spec.readout.method in ("logprob", "cloze")]
    if scored:
        lines.append(named("Probabilities of options", "taken over the options only (what the model puts on other words is left "
                           f"out), averaged over orders and label sets, then drawn from: {shown_list(scored)}"))  # fmt: skip
    corrected = [f"{name} ({spec.readout.correction})" for name, spec in items.items() if spec.readout.correction != "none"]
    if corrected:
        lines.append(named("Corrections", shown_list(corrected)))
    if len(run.messages):
        cut = int(run.messages["cut_off"].sum())
        lines.append(named("Messages", f"{count(cut)} of {count(len(run.messages))} ran out of tokens; these are cut back to the "
                           "last whole sentence where the scenario says so"))  # fmt: skip
    repaired = int(run.readings["repaired"].fillna(0).gt(0).sum()) if "repaired" in run.readings else 0
    lines.append(named("Repaired readings", count(repaired)))
    lines.append(said("Missing answers stay missing: nothing is imputed or carried forward."))
    return lines


def _failed(run: Snapshot) -> list[str]:
    rows = failures_by_kind(run)
    lines = [
        named(f"{row['kind']} ({row['table']})", f"{count(row['count'])} of {count(row['asked'])} ({percent(row['share'])})")
        for row in rows.to_dict("records")
    ] or [said("No answer or message failed.")]
    calls = call_failures(run)
    if len(calls):
        lines.append(named("Calls without a reply", count(int(calls["count"].sum()))))
    allowed = run.manifest.get("complete_below")
    lines.append(
        named("Status", f"{run.status}; failures allowed: {percent(float(allowed)) if allowed is not None else 'not stated'}")
    )
    lines.append(to_write("worlds, people or answers left out of the analysis for other reasons, and how many"))
    return lines


def _reference(run: Snapshot) -> list[str]:
    named_findings = [entry.finding for entry in run.scenario.compare]
    if not named_findings:
        return [said("The scenario names none."), to_write("human data that results are held against, or why there are none")]
    return [
        named("Findings", shown_list(named_findings)),
        said("Their sources, samples and checks stand on the page and in “socsim findings show”."),
        to_write("why these people are the right ones to compare with"),
    ]


def _licences(run: Snapshot) -> list[str]:
    lines = []
    for engine in _identities(run):
        name = str(engine.get("model", "not named"))
        known = CATALOG.get(name)
        lines.append(named(f"Model {name}", known.licence) if known is not None else to_write(f"licence or terms of {name}"))
    return [*lines, named("Code of the simulator", "Apache-2.0")]
