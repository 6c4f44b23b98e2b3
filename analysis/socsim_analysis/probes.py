"""What a leakage probe (`socsim.probing`) showed: how often a model names the study, its result, and its title among four.

Three shares, each with Wilson's interval: of texts that name the study (a recognition word of the finding's family), of texts
that tell its result (an outcome word), and of right titles, where chance gives one in four. They say different things. Naming a
study is knowledge. An outcome word may be inferred from the prompt by somebody who has never heard of the study, and a title may
be matched by its words. A fourth share is a control: of texts that name the study from a plain description of its design, by
words that are not in the description. A model that cannot do this, or does not say what it knows, is not found.

Prompts of one scenario are alike, and shown again where few differ, so that intervals, which take answers for independent, are
narrower than they should be.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from socsim.errors import SocsimError
from socsim.recognition import PROBE_FACT, Choice
from socsim.scenario import Scenario
from socsim.seeding import stream
from socsim.word_search import words_in
from socsim_analysis.findings import known_findings, load_finding
from socsim_analysis.findings.registry import find_finding, registry
from socsim_analysis.findings.words import word_lists
from socsim_analysis.frames import RunLike, Snapshot, item_spec, snapshot
from socsim_analysis.leakage import families_of, family_of
from socsim_analysis.statistics.intervals import wilson_interval

__all__ = [
    "CHANCE",
    "PROBE_FOLDER",
    "FamilyProbe",
    "Probe",
    "ProbeError",
    "Share",
    "measure_probe",
    "probe_choices",
    "probe_of",
    "probe_sentences",
    "read_probe",
    "recognised_share",
    "with_probe",
    "write_probe",
    "written_text",
]

TITLES = 4
CHANCE = 1.0 / TITLES
"""Share of right titles by chance."""
PROBE_FILE = "probe.json"
PROBE_FOLDER = "probe"
"""Folder of a probe within the folder of the run that it is of."""
VERSION = 1
_BESIDE = "probe_beside"


class ProbeError(SocsimError):
    """A file is no result of a probe, is of another model or scenario, or there is nothing to probe."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Share(_Part):
    """``hits`` of ``n`` answers, with a 95 % interval; None without any answer, and no interval below five."""

    hits: int
    n: int
    share: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, hits: Sequence[bool]) -> Share:
        """The share of hits."""
        found = wilson_interval(sum(hits), len(hits))
        plain = (None if math.isnan(value) else float(value) for value in (found.estimate, found.low, found.high))
        share, low, high = plain
        return cls(hits=sum(hits), n=len(hits), share=share, low=low, high=high)


class Text(_Part):
    """What a model wrote, and the listed words in it."""

    prompt: int
    question: str
    text: str
    words: tuple[str, ...]


class FamilyProbe(_Part):
    """What one model showed of one family of findings."""

    model: str
    family: str
    findings: tuple[str, ...]
    named: Share
    told: Share
    right: Share
    described: Share
    failed: int
    """Answers that failed, which are in no share."""
    texts: tuple[Text, ...]

    @property
    def knows(self) -> bool:
        """Whether the model named the study at all, or picked its title more often than by chance."""
        return self.named.hits > 0 or (self.right.low is not None and self.right.low > CHANCE)

    @property
    def verdict(self) -> str:
        """What may be said of the model, in words."""
        if self.knows:
            return "recognises the study in its prompts"
        return "was not found to recognise the study in its prompts"


class Probe(_Part):
    """A probe: of which scenario and model, and what was found."""

    version: int
    scenario: str
    engine: dict[str, Any]
    """Which model answered, exactly."""
    prompts: int
    different: int
    """Prompts that were shown, and how many of them differ."""
    asked: int
    """Questions that were put, over all models."""
    found: tuple[FamilyProbe, ...]

    def of(self, family: str) -> tuple[FamilyProbe, ...]:
        """What was found of a family of findings, by model."""
        return tuple(one for one in self.found if one.family == family)


def probe_choices(scenario: Scenario, prompts: int) -> tuple[tuple[Choice, ...], ...]:
    """For each of a number of prompts the titles to choose among, for every family of findings that the scenario names.

    The wrong ones are of three other families, drawn anew for each prompt from the scenario's seed.

    Raises:
        ProbeError: the scenario names no finding about people.
    """
    families = families_of(scenario)
    if not families:
        raise ProbeError("the scenario is held against no finding about people: add `compare: [{finding: …}]`")
    return tuple(
        tuple(
            Choice(names, (_title(names[0]), *_wrong(scenario.seed, number, index, families)), _design(family))
            for index, (family, names) in enumerate(families.items())
        )
        for number in range(prompts)
    )


def _title(name: str) -> str:
    return load_finding(name).title if name in known_findings() else find_finding(name).title


def _design(family: str) -> str:
    """The fullest description of a design in a family, in the sentences of the registry."""
    return max((" ".join(one.design) for one in registry().values() if one.words == family), key=lambda text: (len(text), text))


def _wrong(seed: int, prompt: int, index: int, own: Mapping[str, Sequence[str]]) -> list[str]:
    rng = stream(seed, "probe", prompt, index)
    others: dict[str, list[str]] = {}
    for finding in registry().values():
        if finding.words and finding.words not in own:
            others.setdefault(finding.words, []).append(finding.title)
    chosen = rng.choice(sorted(others), size=TITLES - 1, replace=False)
    return [others[str(name)][int(rng.integers(len(others[str(name)])))] for name in chosen]


def measure_probe(run: RunLike) -> Probe:
    """The shares of a probe's run.

    Raises:
        ProbeError: the run is no probe.
    """
    fact = run.manifest.get(PROBE_FACT)
    if fact is None:
        raise ProbeError(f"{run.path}: this run is no probe")
    rows = run.responses
    models = run.agents.set_index("agent")["model"].to_dict() if len(run.agents) else {}
    engine = dict(run.manifest.get("engine") or {})
    if engine.get("engine") == "scripted":
        models = dict.fromkeys(models, "a script")
    found = [
        _family(run, rows[rows["agent"] == agent], str(model), index, tuple(findings))
        for agent, model in sorted(models.items())
        for index, findings in enumerate(fact["findings"])
    ]
    return Probe(
        version=VERSION,
        scenario=str(fact["of"]),
        engine=engine,
        prompts=len(fact["shown"]),
        different=len({tuple(sorted(one.items())) for one in fact["shown"]}),
        asked=len(rows),
        found=tuple(found),
    )


def _family(run: RunLike, rows: pd.DataFrame, model: str, index: int, findings: tuple[str, ...]) -> FamilyProbe:
    family = family_of(findings[0])
    words = word_lists()[family]
    texts, right, failed = [], [], 0
    for row in rows.to_dict("records"):
        question, prompt, *number = str(row["item"]).split("_")
        if number and int(number[0]) != index:
            continue
        text = written_text(row)
        if text is None:
            failed += 1
        elif question == "title":
            spec = item_spec(run, str(row["item"]))
            right.append(spec is not None and text == spec.right)
        else:
            found = words_in(text, words.outcome if question == "result" else words.recognition)
            if question == "described":
                given = words_in(_design(family), words.recognition)
                found = tuple(word for word in found if word not in given)
            texts.append(Text(prompt=int(prompt), question=question, text=text, words=found))
    named, told, described = (
        Share.of([bool(one.words) for one in texts if one.question == question]) for question in ("study", "result", "described")
    )
    return FamilyProbe(
        model=model, family=family, findings=findings, named=named, told=told, right=Share.of(right), described=described,
        failed=failed, texts=tuple(texts),
    )  # fmt: skip


def written_text(row: Mapping[Any, Any]) -> str | None:
    """What an answer says; of a text that was cut off what there is of it, as it may name a study. None where it failed."""
    if row["status"] == "answered":
        return str(row["option"])
    return str(row["raw"]) if str(row["failure"]).startswith("cut_off") else None


def with_probe(run: RunLike, found: Probe) -> Snapshot:
    """A run beside a probe of its model and scenario that lies elsewhere.

    Raises:
        ProbeError: the probe is of another model or scenario.
    """
    read = snapshot(run)
    return replace(read, manifest={**read.manifest, _BESIDE: _checked(read, found).model_dump()})


def probe_of(run: RunLike) -> Probe | None:
    """The probe that lies in a run's folder, or that was put beside it; None where there is none.

    Raises:
        ProbeError: it is damaged, or of another model or scenario.
    """
    beside = run.manifest.get(_BESIDE)
    if beside is not None:
        return Probe.model_validate(beside)
    place = run.path / PROBE_FOLDER
    return _checked(run, read_probe(place)) if (place / PROBE_FILE).is_file() else None


def _checked(run: RunLike, found: Probe) -> Probe:
    own = dict(run.manifest.get("engine") or {})
    for name in ("engine", "model", "file_sha256", "quantisation"):
        if found.engine.get(name) != own.get(name):
            raise ProbeError(
                f"{run.path}: the probe asked another model: {name} {found.engine.get(name)!r}, not {own.get(name)!r}"
            )
    if found.scenario != run.manifest.get("name"):
        raise ProbeError(f"{run.path}: the probe is of the scenario {found.scenario!r}, not of {run.manifest.get('name')!r}")
    return found


def recognised_share(run: RunLike, family: str) -> float:
    """Share of texts of a run's probe that name the study of a family, of the model that did so most; NaN without a probe."""
    found = probe_of(run)
    shares = [one.named.share for one in found.of(family) if one.named.share is not None] if found is not None else []
    return max(shares, default=math.nan)


def probe_sentences(found: Probe, family: str) -> list[str]:
    """What the probe shows of a family, a sentence for each model."""
    return [_sentence(one) for one in found.of(family)]


def _sentence(one: FamilyProbe) -> str:
    control = (
        f"From a plain description it names the study in {_of(one.described)}."
        if one.described.hits
        else f"Nor does it name the study from a plain description ({_of(one.described)}), so that its silence says little."
    )
    return (
        f"Asked outside the worlds, {one.model} {one.verdict}: it names it in {_of(one.named)}, tells its result in "
        f"{_of(one.told)} and picks its title among {TITLES} in {_of(one.right)} (by chance {CHANCE:g}). {control} A result may "
        "be inferred and a title matched by its words."
    )


def _of(share: Share) -> str:
    if share.share is None:
        return "none of 0 answers"
    ends = "" if share.low is None or share.high is None else f", 95 % interval {share.low:.2f} to {share.high:.2f}"
    return f"{share.hits} of {share.n} answers ({share.share:.2f}{ends})"


def write_probe(found: Probe, folder: Path) -> Path:
    """Write a result into the folder of its probe; returns the file."""
    path = folder / PROBE_FILE
    path.write_text(json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def read_probe(place: Path) -> Probe:
    """A result from its file, or from the folder of a probe.

    Raises:
        ProbeError: there is none, or it is damaged.
    """
    path = place / PROBE_FILE if place.is_dir() else place
    try:
        found = Probe.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise ProbeError(f"{path}: no result of a probe can be read from it: {error}") from error
    if found.version != VERSION:
        raise ProbeError(f"{path}: a result of version {found.version}; this socsim reads version {VERSION}")
    return found
