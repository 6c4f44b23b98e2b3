"""Where the human data lie that some tests read; they are not part of the checkout, and tests that need them skip without."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
VARIABLE = "SOCSIM_HUMAN_DATA"


def folder(name: str) -> Path:
    """A folder of data: below the one that the variable names, or below ``shared/data`` in or beside the checkout."""
    named = os.environ.get(VARIABLE)
    places = [Path(named)] if named else [ROOT / "shared" / "data", ROOT.parent / "shared" / "data"]
    for place in places:
        if (place / name).is_dir():
            return place / name
    pytest.skip(f"no human data {name}: set {VARIABLE} to the folder that holds it")
