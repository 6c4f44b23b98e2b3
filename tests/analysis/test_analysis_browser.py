"""The report opened in a real browser: every figure is drawn and the console stays silent, whatever the texts say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fake_run import money_run
from socsim_analysis.report import write_report
from test_analysis_report import hostile_run

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=20000",
    "--window-size=1100,2000",
)

pytestmark = [pytest.mark.browser, pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")]

RUNS = {
    "beside people": money_run,
    "hostile texts": hostile_run,
}


def _open(page: Path, profile: Path, *, dump: str = "--dump-dom") -> tuple[str, str]:
    """What a browser makes of a page, and what it logs."""
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", dump, page.resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=120, check=True)
    return done.stdout, done.stderr


@pytest.mark.parametrize("name", RUNS)
def test_all_figures_are_drawn_and_the_console_is_silent(name: str, tmp_path: Path) -> None:
    page = write_report(RUNS[name](), tmp_path / "page.html")
    dom, log = _open(page, tmp_path / "profile")
    assert "CONSOLE" not in log, log
    (figures,), (drawn,) = (re.findall(rf'<html[^>]* {key}="(\d+)"', dom) for key in ("data-figures", "data-drawn"))
    assert drawn == figures == str(len(re.findall(r"<figcaption>", dom)))
    plots = re.split(r"<figure>", dom)[1:]
    assert len(plots) == int(figures) >= 2
    for plot in plots:
        assert "js-plotly-plot" in plot
        assert '<svg class="main-svg"' in plot


def test_browser_test_would_see_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!DOCTYPE html><title>x</title><script>console.error('seen')</script>", encoding="utf-8")
    assert "CONSOLE" in _open(page, tmp_path / "profile")[1]


def test_page_prints(tmp_path: Path) -> None:
    page = write_report(money_run(), tmp_path / "page.html")
    target = tmp_path / "page.pdf"
    _open(page, tmp_path / "profile", dump=f"--print-to-pdf={target}")
    assert target.read_bytes().startswith(b"%PDF")
