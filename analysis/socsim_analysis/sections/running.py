"""How the run was made: calls, tokens, time, what engines noted, model identity, seeds and versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from socsim_analysis.markup import Html, count, definitions, element, join, numeral, percent, plural, section
from socsim_analysis.page import Page

__all__ = ["running_section"]

_MOST_NOTES = 20


def running_section(page: Page) -> Html:
    """Names and values out of the manifest; what the manifest does not say is left out."""
    manifest = page.run.manifest
    pairs = [*_model(manifest, scripted=page.scripted), *_cost(manifest), *_seeds(page), *_versions(manifest)]
    packages = manifest.get("packages") or {}
    parts = [definitions([(name, value) for name, value in pairs if value]), *_noted(page)]
    if packages:
        listed = ", ".join(f"{name} {version}" for name, version in packages.items())
        parts.append(element("details", element("summary", "Versions of packages"), element("p", listed, class_="soft")))
    return section("run", "Calls, tokens, time, model and seeds", *parts)


def _noted(page: Page) -> list[Html]:
    """What engines could not do as asked, and did otherwise; a call with several notes counts at each of them."""
    calls = page.run.calls
    if "notes" not in calls:  # a record of an earlier version
        return []
    notes: Counter[str] = Counter(note for listed in calls["notes"].dropna() for note in set(listed))
    if not notes:
        return []
    ordered = sorted(notes.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [[note, count(number)] for note, number in ordered[:_MOST_NOTES]]
    if rest := ordered[_MOST_NOTES:]:
        rows.append([f"{plural(len(rest), 'other note')}, each rarer", count(sum(number for _, number in rest))])
    return [page.table(f"What engines noted, in {plural(len(calls), 'recorded call')}.", ["note", "calls"], rows)]


def _model(manifest: Mapping[str, Any], *, scripted: bool) -> list[tuple[str, str | Html]]:
    engine = manifest.get("engine") or {}
    name = str(engine.get("model", ""))
    if scripted:
        name += " (a script that stands in for a model)"
    settings = ", ".join(f"{key} = {value}" for key, value in engine.get("settings") or ())
    kind = " ".join(str(engine.get(key, "")) for key in ("engine", "version")).strip()
    return [
        ("model", name),
        ("quantisation", str(engine.get("quantisation", ""))),
        ("model file, SHA-256", _code(engine.get("file_sha256"))),
        ("engine and version", kind),
        ("engine settings", settings),
        ("prompt style", str(manifest.get("style", ""))),
    ]


def _code(text: object) -> str | Html:
    return element("code", str(text)) if text else ""


def _cost(manifest: Mapping[str, Any]) -> list[tuple[str, str | Html]]:
    counts = manifest.get("counts") or {}
    pairs: list[tuple[str, str | Html]] = []
    for name, key in (
        ("calls of the model", "calls"),
        ("answered from the record", "replayed"),
        ("saved: equal to another call", "deduplicated"),
        ("attempts", "attempts"),
        ("calls without a reply", "failures"),
        ("possibly billed twice", "possibly_billed_twice"),
    ):
        if key in counts:
            pairs.append((name, count(counts[key])))
    prompt, cached = int(counts.get("prompt_tokens", 0)), int(counts.get("cached_tokens", 0))
    if "prompt_tokens" in counts:
        share = percent(cached / prompt) if prompt else "none to cache"
        pairs += [("tokens read by the model", count(prompt)), ("of these from its cache", f"{count(cached)} ({share})")]
    if "completion_tokens" in counts:
        pairs.append(("tokens written by the model", count(counts["completion_tokens"])))
    if manifest.get("usd"):
        pairs.append(("US dollars", numeral(float(manifest["usd"]), 4)))
    return [*pairs, ("time", _duration(float(manifest.get("elapsed_s") or 0.0)))]


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _seeds(page: Page) -> list[tuple[str, str | Html]]:
    manifest = page.run.manifest
    times = [str(manifest[key]) for key in ("started", "finished") if manifest.get(key)]
    allowed = manifest.get("complete_below")
    return [
        ("begun and ended", " to ".join(times)),
        ("root seed", str(manifest.get("seed", ""))),
        ("worlds per arm", count(page.worlds)),
        ("failures allowed", percent(float(allowed)) if allowed is not None else ""),
        ("status", join([page.run.status, f": {manifest['reason']}" if manifest.get("reason") else ""])),
    ]


def _versions(manifest: Mapping[str, Any]) -> list[tuple[str, str | Html]]:
    return [
        ("socsim", str(manifest.get("socsim", ""))),
        ("git commit", _code(manifest.get("git_commit"))),
        ("Python", str(manifest.get("python", ""))),
        ("platform", str(manifest.get("platform", ""))),
        ("version of the prompts", str(manifest.get("prompts_version", ""))),
        ("scenario, SHA-256", _code(manifest.get("scenario_sha256"))),
    ]
