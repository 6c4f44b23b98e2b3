"""The answers beside those of people: distributions, distances, and what sampling alone would produce."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from socsim_analysis.comparing import DistributionComparison, compare_distribution
from socsim_analysis.distances import DISTANCES, Distance, Floor
from socsim_analysis.figures import GREY, INK, label, labels, styled
from socsim_analysis.frames import replicates
from socsim_analysis.markup import Html, count, element, numeral, paragraph, plural, section
from socsim_analysis.page import Held, Page

__all__ = ["human_section"]

_HUMAN = "#1f2430"
_MODEL = "#0072B2"


def human_section(page: Page) -> Html | None:
    """A part per finding that the scenario names; None where it names none."""
    parts: list[Html] = []
    for held in page.comparisons:
        if held.comparison is None:
            parts.append(paragraph(f"Finding {held.finding}: not assessed; {held.reason}."))
        else:
            parts += _compared(page, held, held.comparison)
    return section("people", "Answers beside those of people", *parts) if parts else None


def _compared(page: Page, held: Held, found: DistributionComparison) -> list[Html]:
    finding = found.finding
    source = paragraph(
        f"{finding.title}: n = {count(finding.n)} people. {finding.source} ",
        element("a", f"doi:{finding.doi}", href=f"https://doi.org/{finding.doi}"),
        f". {finding.verification}",
        class_="soft",
    )
    parts = [element("h3", f"{found.item} and {held.finding}"), source, *_words(held.kinds, found)]
    parts += [_distributions(page, found), _distances(page, held.kinds, found), _table(page, held.kinds, found)]
    return [*parts, *_other_worlds(page, held, found)]


def _words(kinds: tuple[Distance, ...], found: DistributionComparison) -> list[Html]:
    """The distances in sentences, each beside its own floor, without a verdict."""
    kind = kinds[0]
    parts: list[Html] = []
    for name, distances, floor, chance in (
        ("The model’s probabilities", found.exact_distances, found.one_sample[kind], "one sample of as many people"),
        ("The drawn answers", found.drawn_distances, found.two_samples[kind], "two samples of these sizes"),
    ):
        if kind in distances:
            above = distances[kind] > floor.p95
            words = "more than 95 % of" if above else "not more than the largest 5 % of"
            parts.append(
                paragraph(
                    f"{name} are {numeral(distances[kind], 3)} away from the answers of people ({DISTANCES[kind]}). That is "
                    f"{words} the distances that sampling alone produces for {chance} (mean {numeral(floor.mean, 3)}, 95th "
                    f"percentile {numeral(floor.p95, 3)}).",
                    class_="verdict",
                )
            )
    return [*parts, paragraph("One world, one model and one wording were compared; this is a description and no verdict.")]


def _distributions(page: Page, found: DistributionComparison) -> Html:
    options = labels(found.finding.options, 18, 2)
    figure = go.Figure()
    rows: list[tuple[str, tuple[float, ...], dict[str, object]]] = [
        (f"people (n = {count(found.finding.n)})", found.finding.probabilities, {"color": _HUMAN})
    ]
    if found.exact:
        rows.append(("model, probabilities", found.exact, {"color": _MODEL}))
    pattern = {"shape": "/", "fillmode": "replace", "size": 6}
    rows.append((f"model, {count(found.n_drawn)} drawn answers", found.drawn, {"color": "#56B4E9", "pattern": pattern}))
    for name, shares, marker in rows:
        percentages = [100 * share for share in shares]
        figure.add_bar(x=options, y=percentages, name=name, marker=marker, hovertemplate="%{x}: %{y:.1f} %<extra></extra>")
    figure.update_xaxes(type="category", title_text="answer")
    figure.update_yaxes(title_text="share of answers (%)", rangemode="tozero")
    styled(figure, 360, barmode="group", bargap=0.2)
    missing = f" {plural(found.missing, 'answer')} failed or were no answer and are left out." if found.missing else ""
    caption = (
        f"{found.item}, arm “{found.arm}”, replicate {found.replicate}: shares of the answers of people, mean probabilities "
        f"of the model, and the answers drawn from them.{missing}"
    )
    return page.figure(figure, caption, f"Distribution of answers to {found.item}: people, model probabilities, model draws.")


def _lines(found: DistributionComparison, kind: Distance) -> list[tuple[str, float | None, Floor | None]]:
    """What is held beside each other, from bottom to top of the figure: a distance, or a floor."""
    people, drawn = count(found.finding.n), count(found.n_drawn)
    lines: list[tuple[str, float | None, Floor | None]] = [
        (name, row[kind], None) for name, row in list(found.references.items())[::-1]
    ]
    lines.append((f"sampling alone: {people} and {drawn}", None, found.two_samples[kind]))
    lines.append((f"model, {drawn} draws", found.drawn_distances[kind], None))
    if kind in found.exact_distances:
        lines.append((f"sampling alone: {people} people", None, found.one_sample[kind]))
        lines.append(("model, probabilities", found.exact_distances[kind], None))
    return lines


def _distances(page: Page, kinds: tuple[Distance, ...], found: DistributionComparison) -> Html:
    titles = [label(DISTANCES[kind], 24) for kind in kinds]
    figure = make_subplots(rows=1, cols=len(kinds), subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.04)
    for column, kind in enumerate(kinds, start=1):
        for name, value, floor in _lines(found, kind):
            own = name.startswith("model")
            for trace in _floor_marks(name, floor) if floor is not None else [_dot(name, value, own=own)]:
                figure.add_trace(trace, row=1, col=column)
        figure.update_xaxes(rangemode="tozero", nticks=5, row=1, col=column)
    figure.update_yaxes(type="category")
    styled(figure, 330, margin={"l": 56, "r": 16, "t": 64, "b": 40}, showlegend=False)
    caption = (
        "Distances from the answers of people (0 = equal). Blue: the model. Grey bars: what sampling alone produces, up to "
        "the 95th percentile, with the mean as a line; the model’s probabilities belong beside the first bar, its draws "
        "beside the second. Black: simple distributions for orientation. Distances carry no bootstrap interval, which would "
        "be biased upward."
    )
    return page.figure(figure, caption, "Distances of the model’s answers from those of people, beside sampling floors.")


def _dot(name: str, value: float | None, *, own: bool) -> go.Scatter:
    marker = {"size": 12, "color": _MODEL if own else INK, "symbol": "circle" if own else "diamond"}
    hover = "%{y}: %{x:.3f}<extra></extra>"
    return go.Scatter(x=[value], y=[label(name, 30, 1)], mode="markers", marker=marker, hovertemplate=hover)


def _floor_marks(name: str, floor: Floor) -> list[go.Bar | go.Scatter]:
    y = [label(name, 30, 1)]
    hover = f"mean {floor.mean:.3f}, median {floor.median:.3f}, 95th percentile {floor.p95:.3f}<extra></extra>"
    bar = go.Bar(x=[floor.p95], y=y, orientation="h", width=0.55, marker={"color": "#d5d8de"}, hovertemplate=hover)
    marker = {"symbol": "line-ns", "size": 16, "line": {"color": GREY, "width": 3}}
    return [bar, go.Scatter(x=[floor.mean], y=y, mode="markers", marker=marker, hovertemplate=hover)]


def _table(page: Page, kinds: tuple[Distance, ...], found: DistributionComparison) -> Html:
    people, drawn = count(found.finding.n), count(found.n_drawn)
    rows: list[list[str | Html]] = []
    if found.exact_distances:
        rows.append(_distance_row("model, probabilities", found.exact_distances, kinds))
        rows += _floor_rows(f"sampling alone, one sample of {people} people", found.one_sample, kinds)
    rows.append(_distance_row(f"model, {drawn} drawn answers", found.drawn_distances, kinds))
    rows += _floor_rows(f"sampling alone, two samples ({people} and {drawn})", found.two_samples, kinds)
    rows += [_distance_row(name, row, kinds) for name, row in found.references.items()]
    draws = count(found.one_sample[kinds[0]].draws)
    caption = (
        f"{found.item}: distances from the answers of {people} people. Total variation and Jensen–Shannon run from 0 to 1; "
        f"Wasserstein-1 is in units of the answers. Sampling alone: {draws} simulated samples from the distribution of people."
    )
    return page.table(caption, ["what", "", *(DISTANCES[kind] for kind in kinds)], rows, words=2)


def _distance_row(name: str, row: Mapping[Distance, float], kinds: tuple[Distance, ...]) -> list[str | Html]:
    return [name, "distance", *(element("b", numeral(row[kind], 3)) for kind in kinds)]


def _floor_rows(name: str, floors: Mapping[Distance, Floor], kinds: tuple[Distance, ...]) -> list[list[str | Html]]:
    return [
        [name, "mean", *(numeral(floors[kind].mean, 3) for kind in kinds)],
        ["", "median", *(numeral(floors[kind].median, 3) for kind in kinds)],
        ["", "95th percentile", *(numeral(floors[kind].p95, 3) for kind in kinds)],
    ]


def _other_worlds(page: Page, held: Held, found: DistributionComparison) -> list[Html]:
    """Distances of every world, where there are several."""
    worlds = [(arm, number) for arm in page.arms for number in replicates(page.run)]
    if len(worlds) < 2:
        return []
    rows: list[list[str | Html]] = []
    for arm, number in worlds:
        other = compare_distribution(page.run, found.finding, held.kinds, arm=arm, replicate=number)
        values = [m.get(kind) for m in (other.exact_distances, other.drawn_distances) for kind in held.kinds] if other else []
        cells = [numeral(value, 3) if value is not None else "missing" for value in values] or ["missing"] * 2 * len(held.kinds)
        rows.append([arm, str(number), count(other.n_drawn if other else 0), *cells])
    headers = [f"{what}: {DISTANCES[kind]}" for what in ("probabilities", "draws") for kind in held.kinds]
    caption = f"{found.item}: distances from the answers of people in every world."
    return [page.table(caption, ["arm", "replicate", "n", *headers], rows)]
