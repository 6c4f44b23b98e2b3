"""Figures: what they draw of their tables, and their labels and data on a page."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
import statsmodels.api as sm
from socsim_analysis.designs.tables import TableError
from socsim_analysis.figures import (
    INK,
    OPINION_COLOURS,
    arm_panels,
    cascade_figure,
    cascade_table,
    choice_figure,
    choice_histogram,
    convergence_figure,
    convergence_table,
    dashes,
    density_figure,
    effect_figure,
    embedded_figure,
    error_histogram,
    fit_table,
    forest_figure,
    label,
    labels,
    network_figure,
    response_curve_figure,
    response_table,
    script_json,
    symbols,
    trajectory_figure,
)


def test_label_is_escaped_broken_and_shortened() -> None:
    assert label("a <b> & 'c'") == "a &lt;b&gt; &amp; 'c'"
    assert label("one two three four", width=8, lines=2) == "one two<br>three…"
    assert label("") == ""
    assert label("x\u202ey") == "x\ufffdy"


def test_labels_that_would_read_the_same_are_numbered() -> None:
    assert labels(["a long text one", "a long text two", "b"], width=7, lines=1) == ["a long… (1)", "a long… (2)", "b"]


def test_data_of_a_figure_cannot_end_its_script() -> None:
    data = script_json(json.dumps("</script><!--\u2028"))
    assert "<" not in data
    assert json.loads(data) == "</script><!--\u2028"
    markup = embedded_figure(go.Figure(go.Bar(x=["</script>"], y=[1])), 1, "cap", 'des"c')
    assert markup.count("</script>") == 1
    assert 'aria-label="des&quot;c"' in markup


def test_panels_stand_three_beside_each_other() -> None:
    assert arm_panels(["a", "b", "c", "d"])[1] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert arm_panels(["a"])[1] == [(1, 1)]


SEEN = pd.DataFrame(
    {
        "world": "one",
        "arm": ["talk"] * 40 + ["alone"] * 4,
        "person": [str(number) for number in range(44)],
        "k": [4] * 40 + [0] * 4,
        "m": [0] * 10 + [2] * 20 + [4] * 10 + [0] * 4,
        "chose_a": [1.0] * 2 + [0.0] * 8 + [1.0] * 10 + [0.0] * 9 + [None] + [1.0] * 9 + [0.0] + [1.0, 0.0, 1.0, 0.0],
    }
)


def test_responses_have_wilson_intervals_and_leave_out_who_saw_nobody() -> None:
    table = response_table(SEEN)
    assert table["arm"].unique().tolist() == ["talk"]
    assert table["m"].tolist() == [-1.0, 0.0, 1.0]
    assert table["n"].tolist() == [10, 19, 10]
    z, n, p = 1.959963984540054, 10, 0.2  # Wilson 1927
    middle, half = (p + z * z / (2 * n)) / (1 + z * z / n), z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert table.loc[0, ["share", "low", "high"]].tolist() == pytest.approx([p, middle - half, middle + half])


def test_the_fit_of_a_response_curve_is_that_of_a_logit() -> None:
    (fit,) = fit_table(SEEN).to_dict("records")
    rows = SEEN[(SEEN["k"] > 0) & SEEN["chose_a"].notna()]
    x = 2.0 * rows["m"] / rows["k"] - 1.0
    logit = sm.Logit(rows["chose_a"].astype(float), sm.add_constant(x)).fit(disp=0)
    intercept, slope = logit.params
    assert (fit["beta"], fit["h"], fit["n"]) == (
        pytest.approx(slope / 2, rel=1e-5),
        pytest.approx(intercept / slope, rel=1e-5),
        39,
    )


def test_a_response_curve_has_points_with_their_n_and_a_line_only_where_there_is_a_fit() -> None:
    figure = response_curve_figure(SEEN, choice="<b>")
    points, line = figure.data
    assert [cell[0] for cell in points.customdata] == [10, 19, 10]
    assert points.y == pytest.approx((20.0, 100 * 10 / 19, 90.0))
    assert line.mode == "lines"
    assert "&lt;b&gt;" in figure.layout.yaxis.title.text
    flat = SEEN[SEEN["m"] == 2]
    assert [trace.mode for trace in response_curve_figure(flat).data] == ["markers"]
    assert fit_table(flat)["problem"].tolist() == ["constant m"]


def test_cascades_are_measured_by_world_and_a_stranger_as_parent_is_refused() -> None:
    frame = pd.DataFrame(
        {
            "arm": "talk",
            "replicate": [0, 0, 0, 0, 1],
            "thing": "x",
            "adopter": ["a", "b", "c", "d", "a"],
            "parent": ["", "a", "a", "b", ""],
            "step": [0, 1, 1, 2, 0],
        }
    )
    rows = cascade_table(frame)
    assert rows[["root", "size", "depth", "breadth"]].to_numpy().tolist() == [["a", 4, 2, 2], ["a", 1, 0, 1]]
    # distances in the tree: ab 1, ac 1, ad 2, bc 2, bd 1, cd 3: mean 10/6
    assert rows["structural_virality"].tolist() == pytest.approx([10 / 6, math.nan], nan_ok=True)
    with pytest.raises(TableError, match="'z'"):
        cascade_table(frame.assign(parent=["", "z", "a", "b", ""]))
    at_least = cascade_figure(frame).data[0]
    assert (list(at_least.x), list(at_least.y)) == ([1, 4], [100.0, 50.0])


def test_convergence_is_of_those_who_answered_twice() -> None:
    frame = pd.DataFrame(
        {
            "arm": "talk",
            "replicate": 0,
            "step": [0] * 4 + [1] * 4,
            "person": [*range(4)] * 2,
            "opinion": [1.0, 3.0, 5.0, 9.0, 2.0, 3.0, 4.0, None],
        }
    )
    table = convergence_table(frame)
    assert table["n"].tolist() == [4, 3]
    assert table["ratio"].tolist() == pytest.approx([0.0, 0.75])
    assert convergence_figure(table).data[0].y == pytest.approx((0.0, 75.0))


def test_histograms_put_errors_into_ranges_closed_below_and_open_at_the_ends() -> None:
    table = error_histogram([-9.0, -0.5, 0.0, 0.49, 0.5, 7.0, math.nan], [-1.0, -0.5, 0.0, 0.5, 1.0], "run", people=False)
    assert table["bin"].tolist() == ["below −0.5", "−0.5 to 0", "0 to 0.5", "0.5 or more"]
    assert (table["share"] * 6).tolist() == pytest.approx([1, 1, 2, 2])
    assert table["n"].unique().tolist() == [6]
    with pytest.raises(ValueError, match="above the one before"):
        error_histogram([1.0], [0.0, 0.0], "run", people=False)


def test_choices_are_counted_among_the_options_and_nothing_else() -> None:
    table = choice_histogram(["b", None, "a", "b"], ["a", "b", "c"], "people", people=True)
    assert table["share"].tolist() == pytest.approx([1 / 3, 2 / 3, 0.0])
    assert choice_histogram([], ["a"], "run", people=False)["share"].isna().all()
    with pytest.raises(ValueError, match="'d' is none of the options"):
        choice_histogram(["d"], ["a"], "people", people=True)


def test_people_stand_first_and_in_black_and_sources_differ_without_colour() -> None:
    run = choice_histogram(["a"], ["a", "b"], "run", people=False)
    other = choice_histogram(["b"], ["a", "b"], "other", people=False)
    people = choice_histogram(["a", "b"], ["a", "b"], "people", people=True)
    bars = choice_figure(pd.concat([run, other, people])).data
    assert [bar.name for bar in bars] == ["people (n = 2)", "run (n = 1)", "other (n = 1)"]
    assert bars[0].marker.color == INK
    assert len({bar.marker.pattern.shape for bar in bars[1:]}) == 2


def test_a_forest_shows_intervals_and_says_where_there_is_none() -> None:
    frame = pd.DataFrame(
        {
            "name": ["people", "run", "gone"],
            "estimate": [1.0, 0.5, None],
            "low": [0.5, None, None],
            "high": [1.75, None, None],
            "people": [True, False, False],
        }
    )
    gone, run, people = forest_figure(frame, "points", reference=1.0, margin=0.2).data
    assert (people.error_x.array, people.error_x.arrayminus, people.marker.symbol) == ((0.75,), (0.5,), "diamond")
    assert run.marker.symbol == "circle-open"
    assert gone.text == ("missing",)
    assert effect_figure(
        ["a"], pd.DataFrame({"effect": [1.0], "low": [None], "high": [None]}), "points"
    ).layout.xaxis.title.text == ("difference to the reference level (points)")


def test_units_are_texts_and_never_links() -> None:
    unit = "<a href='javascript:x'>u</a>"
    forest = forest_figure(pd.DataFrame({"name": ["<i>"], "estimate": [1.0], "low": [0.0], "high": [2.0]}), unit)
    bars = choice_figure(choice_histogram(["<i>"], ["<i>"], "<i>", people=False), unit=unit)
    for figure in (forest, bars):
        text = json.dumps(
            [figure.layout.xaxis.title.text, [trace.name for trace in figure.data], [*figure.data[0].y]], default=str
        )
        assert "<" not in text
        assert "&lt;a href" in figure.layout.xaxis.title.text


def test_a_network_draws_each_tie_once_and_missing_answers_as_crosses() -> None:
    places = pd.DataFrame({"step": 0, "person": [0, 1, 2], "x": [0.0, 1.0, 2.0], "y": 0.0, "opinion": [1.0, 2.0, None]})
    ties = pd.DataFrame({"author": [0, 1, 2], "reader": [1, 0, 9]})
    lines, people, missing = network_figure(places, ties, low=1.0, high=2.0).data
    assert lines.x == (0.0, 1.0, None)
    assert people.marker.color == (1.0, 2.0)
    assert (missing.marker.symbol, missing.x) == ("x", (2.0,))


def test_densities_leave_empty_cells_white_and_tell_n() -> None:
    frame = pd.DataFrame(
        {
            "arm": "talk",
            "step": 3,
            "own": [0.25, 0.25, 0.75, 0.75],
            "read": [0.25, 0.75, 0.25, 0.75],
            "people": [3, 0, 0, 1],
            "n": 4,
            "correlation": 1.0,
        }
    )
    figure = density_figure(frame, low=0.0, high=1.0)
    assert [list(row) for row in figure.data[0].z] == [[3.0, None], [None, 1.0]]
    assert "n = 4, r = 1.00" in figure.layout.annotations[0].text


def test_trajectories_keep_gaps_and_dash_the_means_of_other_worlds() -> None:
    frame = pd.DataFrame(
        {
            "arm": "talk",
            "replicate": [0, 0, 0, 0, 1, 1],
            "step": [0, 1, 0, 1, 0, 1],
            "person": [0, 0, 1, 1, 0, 0],
            "opinion": [1.0, None, 3.0, 4.0, 2.0, 2.0],
        }
    )
    people, other, _, means = trajectory_figure(frame, low=1.0, high=7.0).data
    assert people.y == (1.0, None, None, 3.0, 4.0, None)
    assert (other.line.dash, other.y) == ("dash", (2.0, 2.0))
    assert means.y == (2.0, 4.0)


def test_colours_of_opinions_grow_lighter_throughout() -> None:
    light = [sum(w * int(c[k : k + 2], 16) for w, k in ((0.299, 1), (0.587, 3), (0.114, 5))) for _, c in OPINION_COLOURS]
    assert light == sorted(light)
    assert light[-1] - light[0] > 180


@pytest.mark.parametrize("marks", [symbols, dashes])
def test_arms_differ_in_shape_and_dash(marks: Any) -> None:
    assert len(set(marks(["a", "b", "c", "d", "e", "f"]).values())) == 6
