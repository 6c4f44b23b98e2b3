"""A stand-in for a model server with OpenAI's wire format: slots, latency, faults, and its own count of everything.

Usage: python -m benchmarks.mock_server [--port P] [--slots S] [--latency-s T] [--fault-share F]

At most S requests are worked on at once, each for T seconds; others wait in the order in which they came. Replies are functions
of the requests alone. Offers chat/completions, completions, embeddings, models and /metrics, and for whoever measures /stats,
/kept and /reset. `MockServer` runs it in a process of its own, which ends with the one that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.mock_app import MockApp
from benchmarks.mock_faults import COMMON, HOSTILE, Faults
from benchmarks.mock_http import Connection
from benchmarks.mock_replies import MODEL
from benchmarks.mock_slots import Latency, Slots

__all__ = ["Faults", "Kept", "Latency", "MockServer"]

_ROOT = Path(__file__).parents[1]
_ADMIN_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as the server saw it: its body, how often it came, and how often a good reply to it was sent to its end."""

    path: str
    body: bytes
    requests: int
    acknowledged: int


class MockServer:
    """The server in a process of its own; use it as a context.

    Args:
        slots: requests worked on at once.
        latency: seconds that a slot works on each; nothing where 0.
        faults: which requests fail; none where not given.
        keep: remember the bodies of all requests, see `kept`.
        model: the model that it lists.

    Example:
        with MockServer(slots=8, latency=0.05) as server:
            ask(server.base_url)
            print(server.stats()["utilisation"])
    """

    def __init__(
        self,
        *,
        slots: int = 64,
        latency: float | Latency = 0.0,
        faults: Faults | None = None,
        keep: bool = False,
        model: str = MODEL,
    ) -> None:
        latency = latency if isinstance(latency, Latency) else Latency(latency)
        options = {"slots": slots, "latency-s": latency.median_s, "latency-sigma": latency.sigma, "model": model}
        if faults is not None:
            options |= {"fault-share": faults.share, "faults": ",".join(faults.kinds), "fault-seed": faults.seed}
            options |= {"hang-s": faults.hang_s}
        self._options = [f"--{name}={value}" for name, value in options.items()] + ["--keep"] * keep
        self._process: subprocess.Popen[str] | None = None
        self._root = ""

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT/v1``."""
        return f"{self._root}/v1"

    @property
    def pid(self) -> int:
        """Number of the server's process."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> MockServer:
        command = [sys.executable, "-m", "benchmarks.mock_server", "--port=0", "--while-stdin", *self._options]
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the mock server did not start: exit code {self._process.wait()}")
        self._root = str(json.loads(line)["base_url"]).removesuffix("/v1")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process is not None
        self._process.communicate()

    def stats(self) -> dict[str, Any]:
        """What was counted since the last `reset`; see `benchmarks.mock_app.MockApp.stats`."""
        found: dict[str, Any] = self._ask("/stats")
        return found

    def kept(self) -> list[Kept]:
        """Every distinct request since the last `reset`, in the order of first arrival; without ``keep``, bodies are empty."""
        return [Kept(path, base64.b64decode(body), *counts) for path, body, *counts in self._ask("/kept")]

    def reset(self, **changes: float) -> None:
        """Count anew; ``slots``, ``latency_s`` and ``latency_sigma`` may be changed."""
        self._ask("/reset", json.dumps(changes).encode())

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        with urllib.request.urlopen(self._root + path, data=body, timeout=_ADMIN_TIMEOUT_S) as reply:
            return json.load(reply)


async def _serve(app: MockApp, port: int, *, while_stdin: bool) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(app.handle, app.connected), "127.0.0.1", port, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}/v1"}), flush=True)
    if while_stdin:
        ended = asyncio.Event()
        loop.add_reader(sys.stdin.fileno(), ended.set)
        await ended.wait()
    else:
        await server.serve_forever()


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8000, help="0: any free one, told on standard output")
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--latency-s", type=float, default=0.0, help="median, where there is a sigma")
    parser.add_argument("--latency-sigma", type=float, default=0.0, help="sigma of a log-normal latency; 0: the same for all")
    parser.add_argument("--fault-share", type=float, default=0.0, help="share of attempts that fail")
    parser.add_argument("--faults", default=",".join(COMMON), help=f"kinds, of {', '.join((*COMMON, *HOSTILE))}")
    parser.add_argument("--fault-seed", type=int, default=0)
    parser.add_argument("--hang-s", type=float, default=5.0, help="when a reply that never comes is given up")
    parser.add_argument("--keep", action="store_true", help="remember the bodies of requests")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--while-stdin", action="store_true", help="end when standard input does")
    return parser.parse_args(given)


def main() -> None:
    """See the module."""
    chosen = _arguments(None)
    faults = None
    if chosen.fault_share > 0.0:
        faults = Faults(chosen.fault_share, chosen.faults.split(","), chosen.fault_seed, chosen.hang_s)
    latency = Latency(chosen.latency_s, chosen.latency_sigma)
    app = MockApp(Slots(chosen.slots, time.monotonic), latency, faults, keep=chosen.keep, model=chosen.model)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(app, chosen.port, while_stdin=chosen.while_stdin))


if __name__ == "__main__":
    main()
