"""``python -m benchmarks [NAME] [OPTIONS]``: one measurement, or, without a name, all those that need no more than minutes.

embedded       ways of serving the embedded model on this processor
wordings       ways of asking an item, and to what the model reacts
replay         agent-steps per second of a replay
replay_lookup  microseconds per look-up in a record
"""

from __future__ import annotations

import runpy
import sys

NAMES = ("embedded", "wordings", "replay", "replay_lookup")
ALL = (["replay_lookup"], ["replay"], ["embedded", "--rounds", "1"])


def main() -> None:
    """See the module."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] not in NAMES:
        raise SystemExit(__doc__)
    for name, *options in [arguments] if arguments else ALL:
        print(f"== {name}", flush=True)
        sys.argv = [f"benchmarks.{name}", *options]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
