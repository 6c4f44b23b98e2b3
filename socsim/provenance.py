"""Where a run comes from: versions of socsim, Python and the packages that matter, and the commit of the checkout."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["package_version", "provenance"]

_PACKAGES = ("mesa", "networkx", "numpy", "scipy", "pandas", "polars", "pyarrow", "statsmodels", "pydantic", "xllamacpp")


def package_version(name: str) -> str | None:
    """Installed version of a distribution; None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def provenance() -> dict[str, Any]:
    """Versions and platform, for the manifest."""
    return {
        "socsim": package_version("socsim-llm"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "git_commit": _commit(),
        "packages": {name: found for name in _PACKAGES if (found := package_version(name))},
    }
