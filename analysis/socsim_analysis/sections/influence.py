"""What neighbours and fitted models explain of the changes of opinion, in every arm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plotly.subplots import make_subplots

from socsim_analysis.baselines import MODELS, BaselineFit, fit_baselines
from socsim_analysis.contrasts import LEAST_WORLDS, interval_over_worlds
from socsim_analysis.figures import label, styled
from socsim_analysis.frames import CHANNELS, Channel, control_of, replicates
from socsim_analysis.markup import Html, bullets, count, element, numeral, paragraph, percent, plural, section, signed
from socsim_analysis.page import Page
from socsim_analysis.reading import world_transitions

__all__ = ["influence_section"]

_NAMES: Mapping[str, str] = {
    "no_change": "no change",
    "drift_only": "same drift for all",
    "degroot": "DeGroot",
    "friedkin_johnsen": "Friedkin–Johnsen",
    "deffuant_weisbuch": "Deffuant–Weisbuch",
}
_ANSWERS: Mapping[Channel, str] = {"expected": "expected", "value": "drawn"}
_MEANING: Mapping[str, str] = {
    "no_change": "no change: the next opinion is the last one. It explains 0 % by definition.",
    "drift_only": "same drift for all: every opinion changes by d.",
    "degroot": "DeGroot: every opinion moves by the share w towards the mean of the people read.",
    "friedkin_johnsen": "Friedkin–Johnsen: it moves by the share a towards the people read and by s back to the first opinion.",
    "deffuant_weisbuch": "Deffuant–Weisbuch: it moves by the share mu towards the people read where these are within epsilon.",
}


@dataclass(frozen=True)
class _Fitted:
    """One model in one arm on one channel: a fit per world."""

    channel: Channel
    model: str
    arm: str
    worlds: tuple[BaselineFit, ...]

    def over_worlds(self, name: str) -> str:
        """A parameter or quantity: its mean over worlds, with the interval where there are enough."""
        interval = interval_over_worlds(self.values(name))
        tail = "" if math.isnan(interval.low) else f" ({numeral(interval.low)} to {numeral(interval.high)})"
        return numeral(interval.mean) + tail

    def values(self, name: str) -> list[float]:
        """One value per world."""
        if name in ("explained", "rmse"):
            return [float(getattr(fit, name)) for fit in self.worlds]
        return [fit.parameters[name].value for fit in self.worlds]


def influence_section(page: Page) -> Html | None:
    """Figure and table per item; None where no item was answered twice by anybody."""
    parts: list[Html] = []
    for item in page.items:
        sources, fitted = _fits(page, item)
        if any(fit.n for row in fitted for fit in row.worlds):
            parts += [
                element("h3", item),
                *_sentence(page, item, fitted),
                _figure(page, item, fitted),
                _table(page, item, fitted),
            ]
            parts.append(_sources(sources))
    if not parts:
        return None
    return section("influence", "What neighbours and fitted models explain", *_intro(page), *parts)


def _chosen(page: Page) -> tuple[str, ...]:
    declared = set(page.run.scenario.baselines)
    return tuple(model for model in MODELS if model in declared or model in ("no_change", "drift_only"))


def _intro(page: Page) -> list[Html]:
    text = (
        "Simple models of opinion change are fitted by least squares to the changes from each step to the next, separately "
        "in every arm. Explained is the share of the squared change that a model accounts for. A fit finds some weight on "
        "others also where nobody read anybody, because opinions that fall back to the mean look like influence. Only the "
        "difference between arms can be influence."
    )
    models = _chosen(page)
    parts = [paragraph(text), bullets(_MEANING[model] for model in models)]
    if not {"degroot", "friedkin_johnsen", "deffuant_weisbuch"} & set(models):
        parts.append(
            paragraph("The scenario names no model in which people move towards others (baselines: [degroot, friedkin_johnsen]).")
        )
    return parts


def _fits(page: Page, item: str) -> tuple[dict[str, list[str]], list[_Fitted]]:
    models = _chosen(page)
    sources: dict[str, list[str]] = {}
    fitted = []
    for channel in CHANNELS:
        by_arm: dict[str, list[tuple[BaselineFit, ...]]] = {}
        for arm in page.arms:
            for number in replicates(page.run):
                transitions = world_transitions(page.run, item, channel, arm, number)
                by_arm.setdefault(arm, []).append(fit_baselines(transitions, models))
                if transitions.with_peers().n and arm not in sources.setdefault(transitions.source, []):
                    sources[transitions.source].append(arm)
        for model in models:
            for arm, worlds in by_arm.items():
                found = tuple(fit for world in worlds for fit in world if fit.model == model)
                if any(fit.n for fit in found):
                    fitted.append(_Fitted(channel, model, arm, found))
    return sources, fitted


def _sentence(page: Page, item: str, fitted: Sequence[_Fitted]) -> list[Html]:
    """The weight on others in the treatment arm beside that where nobody was shown anybody."""
    rows = {row.arm: row for row in fitted if row.model == "degroot" and row.channel == "expected"}
    alone = next((arm for arm in rows if control_of(page.run, arm) == "alone"), None)
    if alone is None or page.treatment not in rows or page.treatment == alone:
        return []
    ours, theirs = rows[page.treatment].values("w"), rows[alone].values("w")
    if len(ours) != len(theirs):
        return []
    difference = interval_over_worlds([a - b for a, b in zip(ours, theirs, strict=True)])
    if math.isnan(difference.mean):
        return []
    tail = f" (95 % interval over {difference.worlds} worlds: {numeral(difference.low)} to {numeral(difference.high)})"
    text = (
        f"{item}: DeGroot’s weight on the people read is {rows[page.treatment].over_worlds('w')} in “{page.treatment}” and "
        f"{rows[alone].over_worlds('w')} in “{alone}”, where nobody was read: a difference of {signed(difference.mean)}"
        f"{'' if math.isnan(difference.low) else tail}."
    )
    return [paragraph(text, class_="verdict")]


def _figure(page: Page, item: str, fitted: Sequence[_Fitted]) -> Html:
    titles = [f"on {words}" for words in CHANNELS.values()]
    figure = make_subplots(rows=1, cols=2, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.05)
    for column, channel in enumerate(CHANNELS, start=1):
        for arm in page.arms:
            rows = [row for row in fitted if (row.channel, row.arm) == (channel, arm) and row.model != "no_change"]
            means = [interval_over_worlds(row.values("explained")) for row in rows]
            bars = None
            if any(not math.isnan(m.low) for m in means):
                bars = {"type": "data", "array": [0 if math.isnan(m.low) else (m.high - m.mean) * 100 for m in means]}
            figure.add_bar(
                x=[_NAMES[row.model] for row in rows],
                y=[None if math.isnan(m.mean) else m.mean * 100 for m in means],
                error_y=bars,
                name=label(arm),
                legendgroup=label(arm),
                showlegend=column == 1,
                marker={"color": page.colours[arm]},
                hovertemplate="%{x}: %{y:.1f} %<extra></extra>",
                row=1,
                col=column,
            )
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(title_text="explained (%)", col=1)
    styled(figure, 360, barmode="group", bargap=0.25, margin={"l": 56, "r": 16, "t": 84, "b": 48}, legend={"y": 1.14})
    tail = f"means over {page.worlds} worlds with 95 % t intervals" if page.worlds >= LEAST_WORLDS else _few_words(page)
    caption = f"{item}: share of the squared change that each model explains, by arm; {tail}."
    return page.figure(figure, caption, f"Explained share of change in {item} by model and arm, expected values and draws.")


def _few_words(page: Page) -> str:
    return "n = 1 world per arm, no interval" if page.worlds == 1 else f"means over {page.worlds} worlds, too few for an interval"


def _table(page: Page, item: str, fitted: Sequence[_Fitted]) -> Html:
    rows: list[list[str | Html]] = []
    for row in fitted:
        n = sum(fit.n for fit in row.worlds)
        names = list(row.worlds[0].parameters)
        weights = ", ".join(f"{name}\u00a0=\u00a0{row.over_worlds(name)}" for name in names) or "–"
        explained = percent(interval_over_worlds(row.values("explained")).mean)
        rows.append([_ANSWERS[row.channel], _NAMES[row.model], row.arm, weights, count(n), explained, row.over_worlds("rmse")])
    caption = (
        f"{item}: fits by least squares to the n changes from one step to the next ({plural(page.worlds, 'world')} per arm). "
        "Error: square root of the mean squared error, in scale points. Answers: expected values, or drawn ones. “Missing”: "
        "nothing changed, or the data cannot tell the weights apart."
    )
    return page.table(caption, ["answers", "model", "arm", "weights", "n", "explained", "error"], rows, words=4)


def _sources(sources: Mapping[str, Sequence[str]]) -> Html:
    texts = [f"{', '.join(arms)}: {source}" for source, arms in sources.items() if arms]
    return paragraph(f"Who counts as read: {'; '.join(texts)}.", class_="soft") if texts else Html("")
