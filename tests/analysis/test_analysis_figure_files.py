"""Figures as files: tables and captions always, pictures where the extra and a browser are there."""

from __future__ import annotations

import shutil
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from fake_run import Recipe, fake_run, money_run
from socsim_analysis import figure_files
from socsim_analysis.figure_files import write_figures
from socsim_analysis.run_figures import run_figures

from socsim.errors import SocsimError

BROWSER = any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
draws = pytest.mark.skipif(find_spec("kaleido") is None or not BROWSER, reason="needs the extra figures and Chromium")


def test_tables_need_no_browser_and_captions_say_what_is_not_there(tmp_path: Path) -> None:
    debate = fake_run(Recipe(noise=0.1))
    paths = write_figures(debate, tmp_path / "figures", "csv")
    expected = {f"{name}.csv" for one in run_figures(debate) for name in one.tables} | {"captions.md"}
    assert {path.name for path in paths} == {path.name for path in (tmp_path / "figures").iterdir()} == expected
    table = pd.read_csv(tmp_path / "figures" / "trajectories_services.csv")
    assert table["opinion"].isna().sum() == 1
    captions = (tmp_path / "figures" / "captions.md").read_text(encoding="utf-8")
    assert "cascades: needs something that is adopted" in captions
    assert "Missing: 1 of 510 answers." in captions


def test_without_the_extra_nothing_is_written_and_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_files, "find_spec", lambda name: None)
    with pytest.raises(SocsimError, match=r"pip install -e '\.\[figures\]'"):
        write_figures(money_run(), tmp_path / "figures", "svg")
    assert not (tmp_path / "figures").exists()


@draws
@pytest.mark.browser
def test_pictures_are_drawn_in_both_formats(tmp_path: Path) -> None:
    svg, *_ = write_figures(money_run(), tmp_path, "svg")
    text = svg.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "people (n = 108)" in text
    assert "http" not in text.replace("http://www.w3.org/", "")
    png, *_ = write_figures(money_run(), tmp_path, "png")
    assert struct.unpack(">II", png.read_bytes()[16:24]) == (1800, 800)


@draws
@pytest.mark.browser
def test_a_missing_browser_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import kaleido
    from choreographer.errors import ChromeNotFoundError

    def absent(*_: object, **__: object) -> None:
        raise ChromeNotFoundError

    monkeypatch.setattr(kaleido, "write_fig_from_object_sync", absent)
    with pytest.raises(SocsimError, match="Chrome or Chromium, and none was found"):
        write_figures(money_run(), tmp_path, "svg")


def test_kaleido_is_not_loaded_before_it_is_needed(tmp_path: Path) -> None:
    loaded = "kaleido" in sys.modules
    write_figures(money_run(), tmp_path, "csv")
    assert ("kaleido" in sys.modules) == loaded
