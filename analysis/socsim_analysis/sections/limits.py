"""What may be concluded from the page, and what may not."""

from __future__ import annotations

from socsim_analysis.contrasts import LEAST_WORLDS
from socsim_analysis.frames import calls_of_their_own, control_of, in_several_contexts
from socsim_analysis.leakage import families_of, giveaway_sentences, giveaways_of
from socsim_analysis.markup import Html, bullets, count, percent, section
from socsim_analysis.page import Page
from socsim_analysis.probes import probe_of, probe_sentences

__all__ = ["limits_section"]


def limits_section(page: Page) -> Html:
    """Limits that hold for this run."""
    texts = [
        _worlds(page),
        _model(page),
        *_sharing(page),
        *_wording(page),
        _people(page),
        *_human(page),
        *_giveaways(page),
        *_influence(page),
        *_data(page),
    ]
    return section("limits", "Limits of what may be concluded", bullets(texts))


def _worlds(page: Page) -> str:
    if page.infers_over_people:
        return (
            "Effects of conditions carry intervals over people: they cover other people like these, and the draws. Other texts, "
            "items, wordings and models may have other effects. Everything else on the page is description."
        )
    if page.worlds <= 1:
        return (
            f"One world{' per arm' if len(page.arms) > 1 else ''}. The page describes what happened in it and draws no "
            "conclusion: other people, ties or draws may give other numbers, and nothing here says how different."
        )
    if page.worlds < LEAST_WORLDS:
        return (
            f"{page.worlds} worlds per arm. The page describes them and draws no conclusion; intervals are given from "
            f"{LEAST_WORLDS} on."
        )
    return (
        f"{page.worlds} worlds per arm. Intervals cover what differs between these worlds, and nothing else. Many quantities, "
        "steps and arms are shown without correction for their number; a single interval without zero is weak evidence."
    )


def _model(page: Page) -> str:
    engine = page.run.manifest.get("engine") or {}
    if page.scripted:
        return "No language model was asked: a script replied. Nothing here says anything about models or people."
    return (
        f"One model, {engine.get('model', 'not named')}. Another model, size, quantisation or version may answer otherwise. "
        "The same scenario asked afresh may also differ slightly; the record in the run folder reproduces every number here "
        "exactly."
    )


def _sharing(page: Page) -> list[str]:
    if page.run.scenario.inference.share is None:
        return []
    own, decisions = calls_of_their_own(page.run)
    return [
        f"Replies were shared by archetype: of {count(decisions)} questions that people were asked, {count(own)} "
        f"({percent(own / max(decisions, 1))}) had a call of their own; the others took the reply to the same words, put to "
        "somebody with the same persona text. People who share replies are copies of one another, so they differ too little."
    ]


def _wording(page: Page) -> list[str]:
    if not page.asked:
        return []
    known = [signal for signal in page.signals if signal.wording == signal.wording]
    tail = ""
    if known:
        largest = max(known, key=lambda signal: signal.wording)
        tail = f" Order and labels alone moved answers to {largest.item} by {largest.wording:.2f} scale points on average."
    if in_several_contexts(page.run):
        ways = "Wordings, persona texts or conditions are crossed with people; only those tried are covered."
        return [f"{ways}{tail} Other wordings can move answers as much as what is studied."]
    persona = " and of the persona text" if page.run.agents["persona"].ne("").any() else ""
    return [f"One wording of the question{persona}.{tail} Other wordings can move answers as much as what is studied."]


def _people(page: Page) -> str:
    if page.run.scenario.population.data == "none":
        return "No people stand behind the agents: nothing was told to the model about who is asked."
    weighted = page.run.agents["weight"].nunique() > 1 if len(page.run.agents) else False
    tail = " People are counted equally here, although they carry different weights." if weighted else ""
    return (
        "Simulated people. The model was told a few facts about each; it is not these people, and a group’s answers tend to "
        f"be more alike and more stereotyped than those of real people.{tail}"
    )


def _human(page: Page) -> list[str]:
    found = [held.comparison for held in page.comparisons if held.comparison is not None]
    if not found:
        return ["No answers of people were compared, so nothing here says how people would have acted."]
    names = "; ".join(f"{c.finding.title} ({c.finding.year}, n = {count(c.finding.n)})" for c in found)
    return [
        f"Compared with one published sample: {names}. Other people, times and stakes may differ from it. The numbers are "
        "public, so the model may have read them; closeness is no proof that it reasons as people do, and one distribution "
        "says nothing about why."
    ]


def _giveaways(page: Page) -> list[str]:
    """What prompts give away of the findings that the scenario names, and what the model was found to know of them."""
    found = probe_of(page.run)
    families = families_of(page.run.scenario) if found is not None else ()
    probed = [sentence for family in families for sentence in probe_sentences(found, family)] if found is not None else []
    return [*giveaway_sentences(giveaways_of(page.run)), *probed]


def _influence(page: Page) -> list[str]:
    others = page.run.seen[page.run.seen["author"] >= 0] if len(page.run.seen) else page.run.seen
    if page.run.ties.empty and others.empty:
        return []
    texts = []
    if not any(control_of(page.run, arm) for arm in page.arms):
        texts.append(
            "No control arm was run. What changed may come from being asked again, from one’s own earlier words or from "
            "reading others: the page cannot tell these apart."
        )
    texts.append(
        "That neighbours are alike is no proof of influence: they may have been alike before, or have drifted together. "
        "Weights of fitted models are descriptions; they count only as differences between arms."
    )
    return texts


def _data(page: Page) -> list[str]:
    texts = []
    if page.items:
        texts.append(
            "Opinions are mostly expected values of private answers. Drawn answers add chance that expected values leave out."
        )
    if page.items and len(page.run.messages):
        texts.append("What agents wrote to each other is another thing than their private answers, and need not agree with them.")
    frames = [frame["status"] for frame in (page.run.responses, page.run.messages) if len(frame)]
    failed, asked = (sum(f(status) for status in frames) for f in (lambda s: int(s.isin(["failed", "empty"]).sum()), len))
    if failed:
        texts.append(
            f"{count(failed)} of {count(asked)} answers and messages are missing ({percent(failed / asked)}). If those who "
            "fail differ from the others, all numbers are of the others only."
        )
    if page.run.status != "complete":
        texts.append(f"The run is {page.run.status}, not complete; all numbers are of the part that exists.")
    return texts
