"""How fast a recorded run is looked up: microseconds per call, first and later times, and calls written per second.

Usage: python -m benchmarks.replay_lookup [CALLS]

Replay at 10,000 agent-steps a second with five calls each leaves 20 µs a call for everything, of which the look-up (with
the digest of the request) must be a small part.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from socsim.inference.client import InferenceClient
from socsim.inference.types import Completion, DrawKey, Request, SamplingParams, Segment, TokenPiece
from socsim.record.store import RecordStore

DEFAULT_CALLS = 20_000


def make_request(number: int) -> Request:
    """A prompt of about 250 words, of which 20 are its own."""
    shared = " ".join(f"shared{word}" for word in range(230))
    own = " ".join(f"own{number * 20 + word}" for word in range(20))
    return Request("text", (Segment("system", shared), Segment("user", own)), sampling=SamplingParams(max_tokens=28), model="m")


def timed(action: Callable[[], object], calls: int) -> float:
    """Microseconds per call."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) / calls * 1e6


def main(calls: int) -> None:
    """Write, open, look up twice."""
    requests = [make_request(number) for number in range(calls)]
    draws = [DrawKey(20, number % 34, number // 34, "say/0") for number in range(calls)]
    template = TokenPiece("<|im_start|>", (1,), True)

    def write(store: RecordStore) -> None:
        for number, (request, draw) in enumerate(zip(requests, draws, strict=True)):
            digest = request.digest()
            pieces = (template, *(TokenPiece(s.text, tuple(range(len(s.text) // 5))) for s in request.segments))
            store.begin_call(digest, draw)
            store.put_call(request, digest, draw, Completion(f"reply {number}", token_ids=(1, 2, 3), pieces=pieces), 1)
        store.flush()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.sqlite"
        with RecordStore.create(path, {}) as store:
            print(f"write   {timed(lambda: write(store), calls):7.2f} µs a call")
        print(f"size    {path.stat().st_size / calls:7.0f} bytes a call")
        with RecordStore.open(path, read_only=True) as store:
            client = InferenceClient(None, store)

            def look_up() -> None:
                for request, draw in zip(requests, draws, strict=True):
                    if client.lookup_now(request, draw) is None:
                        raise LookupError(request.digest())

            print(f"digest  {timed(lambda: [request.digest() for request in requests], calls):7.2f} µs a call")
            print(f"open    {timed(lambda: store.get('', ''), calls):7.2f} µs a call")
            print(f"first   {timed(look_up, calls):7.2f} µs a look-up, digest and decoding included")
            print(f"again   {timed(look_up, calls):7.2f} µs a look-up, digest included")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_CALLS)
