"""The report in other forms: the words and numbers of the page, nothing computed again, and texts that stay texts."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
from fake_run import Recipe, fake_run, money_run
from socsim_analysis.document import read_blocks
from socsim_analysis.figure_data import drawn_table
from socsim_analysis.frames import RunLike
from socsim_analysis.markup import Html, element, paragraph, rows_table, section
from socsim_analysis.report import Written, render_report, write_page
from socsim_analysis.report_formats import render_document, render_markdown, write_report_as
from test_analysis_report import hostile_run

RUNS: dict[str, Callable[[], RunLike]] = {
    "debate": lambda: fake_run(Recipe(noise=0.1)),
    "money": money_run,
    "hostile": hostile_run,
}


def _cells(page: str) -> list[str]:
    found = re.findall(r"<td[^>]*>(.*?)</td>", page, flags=re.S)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split()) for cell in found]


@pytest.fixture(scope="module", params=RUNS)
def written(request: pytest.FixtureRequest) -> Written:
    return write_page(RUNS[request.param]())


@pytest.fixture(scope="module")
def debate() -> Written:
    return write_page(RUNS["debate"]())


@pytest.fixture
def page(written: Written) -> str:
    return "".join((written.summary, *written.parts.values()))


@pytest.fixture
def document(written: Written) -> dict[str, Any]:
    return render_document(written)


def test_every_cell_of_the_page_stands_in_the_document_in_the_same_order(page: str, document: dict[str, Any]) -> None:
    tables = [table for part in document["sections"] for table in part["tables"]]
    assert [cell for table in tables for row in table["rows"] for cell in row] == _cells(page)
    assert all(len(row) == len(table["columns"]) for table in tables for row in table["rows"])


def test_the_parts_are_those_of_the_page(debate: Written) -> None:
    page = render_report(fake_run(Recipe(noise=0.1)))
    assert all(part in page for part in (debate.summary, *debate.parts.values()))


def test_numbers_of_cells_are_those_that_are_read_there(document: dict[str, Any]) -> None:
    for part in document["sections"]:
        for table in part["tables"]:
            for row, values in zip(table["rows"], table["values"], strict=True):
                for cell, value in zip(row, values, strict=True):
                    if isinstance(value, int | float):
                        assert float(cell.replace(",", "").replace("−", "-")) == value
                    else:
                        assert value == cell or (value is None and cell in ("missing", ""))


def test_figures_are_those_of_the_page_with_tables_behind_them(written: Written, document: dict[str, Any]) -> None:
    figures = [figure for part in document["sections"] for figure in part["figures"]]
    drawn = written.drawn
    assert [figure["number"] for figure in figures] == [one.number for one in drawn] == list(range(1, len(drawn) + 1))
    for figure in figures:
        assert figure["caption"]
        assert figure["tables"]
        assert all(table["rows"] for table in figure["tables"].values())


def test_the_document_is_plain_json_with_stable_keys(document: dict[str, Any]) -> None:
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert list(document) == ["format", "run", "summary", "verdicts", "limits", "sections"]
    assert set(document["sections"][0]) == {"id", "title", "statements", "tables", "figures"}
    assert document["run"]["status"] == "complete"


def test_verdicts_and_limits_are_those_of_the_page(debate: Written) -> None:
    document = render_document(debate)
    (signal,) = [one for one in document["verdicts"] if one["section"] == "signal"]
    assert signal["about"] == "services"
    page = html.unescape(re.sub(r"<[^>]+>", "", "".join(debate.parts.values())))
    assert signal["sentence"] in page
    assert document["limits"][0].startswith("One world per arm.")
    assert all(limit in page for limit in document["limits"])


def test_markdown_has_the_cells_and_no_html(written: Written, page: str) -> None:
    text = render_markdown(written)
    outside = re.sub(r"^(`{3,})text$.*?^\1$", "", text, flags=re.S | re.M)
    assert not re.search(r"[<>]", re.sub(r"^> ", "", outside, flags=re.M))
    assert "](javascript" not in outside
    assert len(re.findall(r"^\| ---", outside, flags=re.M)) == page.count("<table>")
    assert len(re.findall(r"^\*\*Figure \d+\.\*\*", outside, flags=re.M)) == page.count("<figcaption>")


def test_csv_has_a_file_for_every_table_and_lists_them(tmp_path: Path, debate: Written) -> None:
    folder = write_report_as(debate, "csv", tmp_path / "tables")
    contents = pd.read_csv(folder / "contents.csv")
    assert sorted([*contents["file"], "contents.csv", "statements.csv"]) == sorted(path.name for path in folder.iterdir())
    trajectories = pd.read_csv(next(folder.glob("figure_*_trajectories_services.csv")))
    assert trajectories["opinion"].notna().sum() == (debate.run.responses["status"] == "answered").sum()
    shares = pd.read_csv(next(folder.glob("table_*_failures.csv")))
    assert any(column.endswith(" (%)") for column in shares.columns)
    said = pd.read_csv(folder / "statements.csv")
    assert {"verdict", "item", "paragraph"} <= set(said["kind"])


def test_an_unknown_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no form 'pdf'"):
        write_report_as(money_run(), "pdf", tmp_path / "x")


def test_blocks_are_read_in_order_with_their_setting() -> None:
    part = section(
        "x",
        "Title",
        "bare <words>",
        element("h3", "About"),
        paragraph("a ", element("b", "bold"), " ", element("code", "x_1"), class_="verdict"),
        rows_table("cap", ["h", "k"], [["1 & 2", element("b", "3")]]),
        element("figure", element("script", Html("ignored")), element("figcaption", element("b", "Figure 1. "), "shown")),
    )
    blocks = read_blocks(part)
    assert [(block.kind, block.text) for block in blocks] == [
        ("section", "Title"),
        ("paragraph", "bare <words>"),
        ("heading", "About"),
        ("paragraph", "a bold x_1"),
        ("table", "cap"),
        ("figure", "Figure 1. shown"),
    ]
    assert [span.style for span in blocks[3].spans] == ["", "b", "", "code"]
    assert blocks[3].role == "verdict"
    assert (blocks[4].headers, blocks[4].rows) == (["h", "k"], [["1 & 2", "3"]])


def test_what_a_figure_draws_is_a_table_with_ends_of_intervals() -> None:
    figure = go.Figure(
        [
            go.Scatter(x=[1, None, 2], y=[3.0, None, 4.0], error_y={"array": [0.5, 0, 1.0]}, name="a&amp;b", mode="markers"),
            go.Heatmap(x=["p"], y=["q", "r"], z=[[1.0], [None]]),
        ]
    )
    table = drawn_table(figure)
    assert table[["series", "x", "y"]].to_numpy().tolist() == [["a&b", 1, 3.0], ["a&b", 2, 4.0], ["", "p", "q"], ["", "p", "r"]]
    assert table["low"].tolist()[:2] == [2.5, 3.0]
    assert table["high"].tolist()[:2] == [3.5, 5.0]
    assert table["value"].tolist()[2] == 1.0
    assert pd.isna(table["value"].tolist()[3])
