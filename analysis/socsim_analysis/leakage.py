"""What a run's prompts give away of the findings that it is held against, in words for the page and the command line."""

from __future__ import annotations

from collections.abc import Iterable

from socsim.giveaways import Giveaway, Watched, giveaways
from socsim.scenario import Scenario
from socsim_analysis.findings import known_findings, load_finding
from socsim_analysis.findings.registry import find_finding, registry
from socsim_analysis.findings.words import WordList, word_lists
from socsim_analysis.frames import RunLike

__all__ = ["families_of", "family_of", "giveaway_sentences", "giveaways_about", "giveaways_of", "watched_words", "words_of"]

_MOST_FIELDS = 3


def family_of(name: str) -> str:
    """The family whose words give a finding away; empty where it is about simulations.

    Raises:
        FindingError: there is no finding of this name.
    """
    return load_finding(name).words if name in known_findings() else find_finding(name).words


def families_of(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """The findings about people that a scenario names, by family; those that this version does not know are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in scenario.compare:
        known = entry.finding in known_findings() or entry.finding in registry()
        family = family_of(entry.finding) if known else ""
        if family:
            found[family] = (*found.get(family, ()), entry.finding)
    return found


def words_of(name: str) -> WordList | None:
    """The words that give a finding away; None where it is about simulations.

    Raises:
        FindingError: there is no finding of this name.
    """
    family = family_of(name)
    return word_lists()[family] if family else None


def watched_words(scenario: Scenario) -> tuple[Watched, ...]:
    """The words to look for in a scenario's prompts, by family of the findings that it names; what one entry accepts, all do."""
    accepted = frozenset(word.lower() for entry in scenario.compare for word in entry.accept_words)
    return tuple(
        Watched(names, word_lists()[family].outcome, word_lists()[family].recognition, accepted)
        for family, names in families_of(scenario).items()
    )


def giveaways_of(run: RunLike) -> tuple[Giveaway, ...]:
    """What was found when the run began; where that was not noted, what its scenario's own texts hold."""
    noted = run.manifest.get("giveaways")
    if noted is not None:
        return tuple(Giveaway.from_dict(one) for one in noted)
    return giveaways(run.scenario, watched_words(run.scenario))


def giveaways_about(run: RunLike, finding: str) -> tuple[Giveaway, ...]:
    """What a run's prompts give away of one finding, whether its scenario names it or not."""
    if any(entry.finding == finding for entry in run.scenario.compare):
        return tuple(one for one in giveaways_of(run) if finding in one.findings)
    words = words_of(finding)
    watched = (Watched((finding,), words.outcome, words.recognition),) if words is not None else ()
    return giveaways(run.scenario, watched)


def giveaway_sentences(found: Iterable[Giveaway]) -> list[str]:
    """One sentence for each word, with the fields that it stands in."""
    fields: dict[tuple[str, str, tuple[str, ...], bool], list[str]] = {}
    for one in found:
        fields.setdefault((one.word, one.kind, one.findings, one.accepted), []).append(one.field)
    return [_sentence(*key, places) for key, places in fields.items()]


def _sentence(word: str, kind: str, findings: tuple[str, ...], accepted: bool, fields: list[str]) -> str:
    more = len(fields) - _MOST_FIELDS
    places = ", ".join(fields[:_MOST_FIELDS]) + (f" and {more} more" if more > 0 else "")
    about = ", ".join(findings)
    known = ", accepted knowingly" if accepted else ""
    if kind == "outcome":
        return f"The prompts say “{word}” ({places}{known}), which tells what {about} found; answers may follow the word."
    tail = "a model that knows it may repeat its result"
    return f"The prompts say “{word}” ({places}{known}), which names the study of {about}; {tail}."
