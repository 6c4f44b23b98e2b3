"""The program with a scripted engine that gives so many replies at once and then none: stalling_cli.py REPLIES ARGUMENTS…"""

from __future__ import annotations

import sys

import socsim.runner
from socsim import Request, ScriptedEngine
from socsim.cli import main

allowed = int(sys.argv.pop(1))


def seconds(request: Request, seed: int) -> float:
    global allowed
    allowed -= 1
    return 0.0 if allowed >= 0 else 3600.0


socsim.runner.make_engine = lambda spec, folder=None: ScriptedEngine(latency=seconds)
main()
