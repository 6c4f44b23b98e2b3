"""``python -m benchmarks [NAME] [OPTIONS]``: one measurement, or, without a name, those that need no more than minutes."""

from __future__ import annotations

import ast
import runpy
import sys
import textwrap
from pathlib import Path

__all__ = ["ALL", "main", "names", "usage"]

ALL = (
    ["replay_lookup"],
    ["replay"],
    ["memory"],
    ["inference_overhead", "--repeats", "3"],
    ["embedded", "--rounds", "1"],
)
"""What runs where no name is given."""
_MAIN = 'if __name__ == "__main__":'


def names() -> dict[str, str]:
    """Every module of this folder that can be run, with the first sentence of what it says of itself."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.stem != "__main__" and _MAIN in text:
            head = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0]
            found[path.stem] = " ".join(head.split())
    return found


def usage() -> str:
    """How to call this, and what there is."""
    listed = names()
    width = max(map(len, listed))
    lines = [
        textwrap.fill(says, 110, initial_indent=name.ljust(width + 2), subsequent_indent=" " * (width + 2))
        for name, says in listed.items()
    ]
    return "\n".join([__doc__ or "", "", *lines])


def main() -> None:
    """See the module."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] not in names():
        raise SystemExit(usage())
    for name, *options in [arguments] if arguments else ALL:
        print(f"== {name}", flush=True)
        sys.argv = [f"benchmarks.{name}", *options]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
