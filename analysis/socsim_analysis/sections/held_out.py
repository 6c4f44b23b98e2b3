"""Which classical model predicts the last steps, having been fitted to the first ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from socsim_analysis.contrasts import LEAST_WORLDS, interval_over_worlds
from socsim_analysis.held_out import DECLARED, HeldOut, held_out_fits
from socsim_analysis.markup import Html, count, element, numeral, paragraph, plural, section
from socsim_analysis.page import Page

__all__ = ["held_out_section"]

_NAMES: Mapping[str, str] = {
    "no_change": "no change",
    "degroot": "DeGroot",
    "friedkin_johnsen": "Friedkin–Johnsen",
    "bounded_confidence": "Hegselmann–Krause (bounded confidence)",
    "constant": "the same chance for all",
    "voter": "voter",
    "noisy_voter": "noisy voter",
    "thresholds": "threshold on the share",
    "complex_contagion": "threshold on the number",
}
_SIMPLEST = {"opinions": "no_change", "stances": "constant", "adoptions": "constant"}
_SCORES = {"opinions": "error, in scale points", "stances": "mean log-likelihood", "adoptions": "mean log-likelihood"}


def held_out_section(page: Page) -> Html | None:
    """A table for each item; None where no baseline asks for one or no world has enough steps."""
    if not set(page.run.scenario.baselines) & set(DECLARED):
        return None
    fits = held_out_fits(page.run)
    if not fits:
        return None
    parts: list[Html] = []
    for subject, kind in dict.fromkeys((fit.subject, fit.kind) for fit in fits):
        chosen = [fit for fit in fits if (fit.subject, fit.kind) == (subject, kind)]
        parts += [element("h3", f"{subject}: {kind}"), *_sentences(page, chosen), _table(page, chosen)]
    intro = (
        "Each model is fitted to the first steps, two thirds or more, and predicts every later step from the one before. A model "
        "that predicts no better than the simplest one says nothing about how these agents change. Whoever an agent is tied to "
        "counts as read; arms in which nobody was shown anybody are fitted, too, and say what the method finds without influence."
    )
    return section("heldout", "Which simple model predicts the last steps", paragraph(intro), *parts)


def _models(fits: Sequence[HeldOut]) -> list[str]:
    found = {one.fit.model for one in fits}
    return [model for model in _NAMES if model in found]


def _gains(fits: Sequence[HeldOut], arm: str, model: str) -> list[float]:
    """By how much a model predicts better than the simplest one, world by world; above 0 is better."""
    gains = []
    simplest = _SIMPLEST[fits[0].kind]
    for replicate in dict.fromkeys(fit.replicate for fit in fits):
        own = {one.fit.model: one.fit.held_out for one in fits if (one.arm, one.replicate) == (arm, replicate)}
        if model in own and simplest in own:
            gain = own[simplest] - own[model] if fits[0].kind == "opinions" else own[model] - own[simplest]
            gains.append(gain if math.isfinite(gain) else math.nan)
    return gains


def _sentences(page: Page, fits: Sequence[HeldOut]) -> list[Html]:
    arm = page.treatment
    models = [model for model in _models(fits) if model != _SIMPLEST[fits[0].kind]]
    better = []
    for model in models:
        interval = interval_over_worlds(_gains(fits, arm, model))
        if interval.worlds >= LEAST_WORLDS and not math.isnan(interval.low) and interval.low > 0:
            better.append(_NAMES[model])
    simplest = _NAMES[_SIMPLEST[fits[0].kind]]
    if page.worlds < LEAST_WORLDS:
        text = f"{plural(page.worlds, 'world')} per arm: differences between models are described, none is called better."
    elif better:
        text = (
            f"In “{arm}” these predict held-out steps better than “{simplest}” (95 % interval over worlds): {', '.join(better)}."
        )
    else:
        text = f"In “{arm}” no model predicts held-out steps better than “{simplest}”."
    return [paragraph(text, class_="verdict")]


def _table(page: Page, fits: Sequence[HeldOut]) -> Html:
    rows: list[list[str | Html]] = []
    for arm in page.arms:
        for model in _models(fits):
            own = [one.fit for one in fits if (one.arm, one.fit.model) == (arm, model)]
            if not own:
                continue
            parameters = ", ".join(
                f"{name}\u00a0=\u00a0{_over([fit.parameters[name].value for fit in own])}" for name in own[0].parameters
            )
            sizes = f"{count(sum(fit.n for fit in own))} / {count(sum(fit.n_held_out for fit in own))}"
            score = _over([fit.held_out for fit in own])
            gain = "–" if model == _SIMPLEST[fits[0].kind] else _over(_gains(fits, arm, model))
            rows.append([arm, _NAMES[model], parameters or "–", sizes, score, gain])
    score = _SCORES[fits[0].kind]
    better = "smaller is better" if fits[0].kind == "opinions" else "larger is better"
    caption = (
        f"{fits[0].subject}: means over {plural(page.worlds, 'world')} with 95 % t intervals from {LEAST_WORLDS} on. "
        f"n: transitions fitted to / held out. Held out: {score} ({better}). Gain: how much better than the simplest model."
    )
    return page.table(caption, ["arm", "model", "parameters", "n", "held out", "gain"], rows, words=3)


def _over(values: Sequence[float]) -> str:
    if any(math.isinf(value) for value in values):
        return "ruled out"
    interval = interval_over_worlds(values)
    tail = "" if math.isnan(interval.low) else f" ({numeral(interval.low)} to {numeral(interval.high)})"
    return numeral(interval.mean) + tail
