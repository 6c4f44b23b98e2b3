"""``python -m benchmarks [NAME] [OPTIONS]``: one measurement, or, without a name, all those that need no more than minutes.

embedded       ways of serving the embedded model on this processor
embedded_efficiency  share of the embedded model's own speed that the inference layer reaches
prefix         what prefix order and merging of equal calls are worth on the embedded engine
serve          throughput, latency and settings of a server, or of vLLM in this process
traces         the calls of a recorded run, exported and asked again
wordings       ways of asking an item, and to what the model reacts
replay         agent-steps per second of a replay
replay_lookup  microseconds per look-up in a record
"""

from __future__ import annotations

import runpy
import sys

NAMES = ("embedded", "embedded_efficiency", "prefix", "serve", "traces", "wordings", "replay", "replay_lookup")
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
