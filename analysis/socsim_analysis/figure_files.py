"""Figures of a run as files: each as SVG or PNG with its tidy tables as CSV beside it, and their captions as Markdown.

Pictures are made by kaleido (the extra ``figures``), which has an installed Chrome or Chromium draw the same figure as the page
holds, from the plotly.js that comes with plotly; nothing is fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from socsim.errors import SocsimError
from socsim_analysis.frames import RunLike
from socsim_analysis.markdown import md_text
from socsim_analysis.run_figures import FIGURES, RunFigure, run_figures

__all__ = ["FIGURES_FOLDER", "ImageFormat", "missing_kinds", "write_figures", "write_table"]

ImageFormat = Literal["svg", "png", "csv"]
FIGURES_FOLDER = "figures"
"""Name of the folder inside a run folder."""
_CAPTIONS = "captions.md"
_WIDTH = 900
"""Width of a picture in pixels; its height is the figure's own."""
_SCALE = 2
"""Pixels of a PNG for each pixel of the layout."""


def write_figures(
    run: RunLike, folder: Path | str | None = None, image_format: ImageFormat = "svg", people: pd.DataFrame | None = None
) -> list[Path]:
    """Write every figure that a run can fill, with the tidy tables behind each.

    Args:
        run: the run.
        folder: where to; ``figures`` in the run folder where not given.
        image_format: ``svg``, ``png``, or ``csv`` for tables and captions only.
        people: a tidy table of people in the columns of the run's design; see `run_figures`.

    Returns:
        The files written: pictures, then tables, then captions.

    Raises:
        SocsimError: the extra or a browser is missing; nothing has been written then.
    """
    if image_format != "csv" and find_spec("kaleido") is None:
        raise SocsimError(
            "pictures need the extra “figures”: pip install -e '.[figures]' (and Chrome or Chromium on this machine). Tables and "
            "captions alone need neither: --format csv."
        )
    found = run_figures(run, people)
    target = Path(folder) if folder is not None else run.path / FIGURES_FOLDER
    target.mkdir(parents=True, exist_ok=True)
    pictures = [] if image_format == "csv" else _write_pictures(found, target, image_format)
    tables = [write_table(frame, target / f"{name}.csv") for one in found for name, frame in one.tables.items()]
    captions = target / _CAPTIONS
    captions.write_text(_captions(found, image_format), encoding="utf-8")
    return [*pictures, *tables, captions]


def missing_kinds(files: Sequence[RunFigure]) -> dict[str, str]:
    """Kinds of figures that a run did not fill, and what they need."""
    there = {one.kind for one in files}
    return {kind: needs for kind, needs in FIGURES.items() if kind not in there}


def write_table(frame: pd.DataFrame, path: Path) -> Path:
    """A tidy table as CSV (UTF-8, a comma between fields, empty where missing); numbers keep all their digits."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", errors="replace")
    return path


def _write_pictures(found: Sequence[RunFigure], folder: Path, image_format: str) -> list[Path]:
    import kaleido
    from choreographer.errors import ChromeNotFoundError

    paths = [folder / f"{one.name}.{image_format}" for one in found]
    specs: list[dict[str, Any]] = [
        {
            "fig": one.figure.to_dict(),
            "path": str(path),
            "opts": {
                "format": image_format,
                "width": _WIDTH,
                "height": int(one.figure.layout.height),
                "scale": _SCALE if image_format == "png" else 1,
            },
        }
        for one, path in zip(found, paths, strict=True)
    ]
    try:
        if specs:
            kaleido.write_fig_from_object_sync(specs, cancel_on_error=True, kopts={"mathjax": False})
    except ChromeNotFoundError as error:
        raise SocsimError(
            "pictures are drawn by Chrome or Chromium, and none was found: install one (BROWSER_PATH names another place), or "
            "write tables and captions alone with --format csv."
        ) from error
    return paths


def _captions(found: Sequence[RunFigure], image_format: str) -> str:
    parts = ["# Figures"]
    for one in found:
        files = ([] if image_format == "csv" else [f"{one.name}.{image_format}"]) + [f"{name}.csv" for name in one.tables]
        parts.append(f"## {md_text(one.title)}\n\nFiles: {', '.join(f'`{name}`' for name in files)}\n\n{md_text(one.caption)}")
    absent = [f"- {kind}: needs {needs}" for kind, needs in missing_kinds(found).items()]
    if absent:
        parts.append("## Not in this run\n\n" + "\n".join(absent))
    return "\n\n".join(parts) + "\n"
