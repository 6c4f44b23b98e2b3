"""The calls of a recorded run, written down and asked again: ``python -m benchmarks traces export|replay``.

Usage: python -m benchmarks traces export RUN FILE [--format socsim|vllm]
       python -m benchmarks traces replay FILE --base-url URL [--model M] [--kind KIND] [--key-env NAME] [--in-flight N]
       python -m benchmarks traces replay FILE --embedded NAME_OR_FILE [--in-flight N]

``export`` writes one JSON object per line: for ``socsim`` a header, then each call in the order in which the run recorded it,
with prompt, tokens, seconds, and step, agent and path where it was a draw; for ``vllm`` lines with ``prompt`` and
``output_tokens``, for ``vllm bench serve --dataset-name custom --dataset-path FILE`` (with its option to skip the chat template
where the engine recorded the prompt with the template). A call that was scored counts as one token. Failed calls are left out.

``replay`` asks the calls of a ``socsim`` file again in that order, so many in flight, with replies as long as they were where the
server can; replies are thrown away. Calls that waited for each other in the run do not wait here. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.hardware import hardware
from benchmarks.in_process import EngineAsker
from benchmarks.serve_client import ServerAsker
from benchmarks.sweep import Asker, measure_level
from socsim.errors import SocsimError
from socsim.inference.types import CallFailure, Request, SamplingParams, Segment
from socsim.provenance import provenance
from socsim.record.store import RecordStore

VERSION = 1
_RECORD = "record.sqlite"


@dataclass(frozen=True)
class TracedCall:
    """One call of a run: what was asked, how long the reply was, and what it took then."""

    order: int
    kind: str
    style: str
    segments: tuple[tuple[str, str], ...]
    max_tokens: int
    temperature: float
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    elapsed_s: float
    agent: int | None = None
    step: int | None = None
    path: str = ""
    rendered: str = ""
    """The prompt with the chat template around it, where the engine told."""

    @property
    def reply_tokens(self) -> int:
        """Length of the reply; one token for a call that was scored."""
        return max(1, self.output_tokens)

    @property
    def plain_text(self) -> str:
        """The prompt of a call without chat template, else empty."""
        return "".join(text for _, text in self.segments) if self.style == "plain" else ""

    @cached_property
    def messages(self) -> list[dict[str, str]]:
        """The prompt as chat messages; neighbouring segments of one role are one message."""
        turns = groupby(self.segments, key=lambda segment: segment[0])
        return [{"role": role, "content": "".join(text for _, text in group)} for role, group in turns]

    @cached_property
    def request(self) -> Request:
        """As a request for a text of the reply's length."""
        segments = tuple(Segment(role, text) for role, text in self.segments)  # type: ignore[arg-type]
        sampling = SamplingParams(temperature=self.temperature, max_tokens=self.reply_tokens)
        return Request("text", segments, self.style, sampling)  # type: ignore[arg-type]

    def for_vllm(self) -> dict[str, Any]:
        """A line of vLLM's custom data set."""
        bare = "\n\n".join(message["content"] for message in self.messages)
        return {"prompt": self.rendered or self.plain_text or bare, "output_tokens": self.reply_tokens}


def read_run(run: Path) -> list[TracedCall]:
    """The answered calls of a run folder, in the order in which they were recorded.

    Raises:
        SocsimError: there is no record, or it cannot be read.
    """
    places = _places(run / _RECORD)
    calls = []
    with RecordStore.open(run / _RECORD, read_only=True) as record:
        for row in record.calls():
            if row.status != "failed" and not isinstance(record.get(row.digest, row.draw), CallFailure):
                request = record.load_request(row.digest)
                pieces = record.load_pieces(row.digest, row.draw)
                sampling = request.sampling or SamplingParams(max_tokens=1)
                calls.append(
                    TracedCall(
                        places[row.digest, row.draw], request.kind, request.style,
                        tuple((segment.role, segment.text) for segment in request.segments), sampling.max_tokens,
                        sampling.temperature, row.prompt_tokens, row.cached_tokens, row.completion_tokens, row.elapsed_s,
                        rendered="".join(piece.text for piece in pieces), **_draw(row.draw),
                    )
                )  # fmt: skip
    return sorted(calls, key=lambda call: call.order)


def write_trace(calls: Sequence[TracedCall], file: Path, form: str, *, source: str) -> None:
    """Write calls to a file, in socsim's own form or in vLLM's."""
    with file.open("w", encoding="utf-8") as out:
        if form == "socsim":
            out.write(json.dumps({"socsim_trace": VERSION, "run": source, "calls": len(calls)}) + "\n")
        for call in calls:
            line = asdict(call) if form == "socsim" else call.for_vllm()
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def read_trace(file: Path) -> list[TracedCall]:
    """The calls of a file that `write_trace` wrote in socsim's own form.

    Raises:
        SystemExit: it is another kind of file.
    """
    with file.open(encoding="utf-8") as lines:
        try:
            header = json.loads(next(lines, ""))
            if header.get("socsim_trace") != VERSION:
                raise ValueError("no header of this version")
            rows = [json.loads(line) for line in lines]
            return [TracedCall(**{**row, "segments": tuple(map(tuple, row["segments"]))}) for row in rows]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SystemExit(f"{file}: not a trace that 'traces export' wrote in the form socsim: {error}") from error


async def replayed(calls: Sequence[TracedCall], asker: Asker, in_flight: int) -> dict[str, Any]:
    """Ask all calls again and say how long it took, beside what the run itself took."""
    level = await measure_level(asker, iter(calls), in_flight, calls=len(calls))
    figures = level.figures()
    prompt = sum(call.prompt_tokens for call in calls)
    return {
        **figures,
        "recorded": {
            "calls": len(calls),
            "prompt_tokens": prompt,
            "output_tokens": sum(call.output_tokens for call in calls),
            "cached_share": sum(call.cached_tokens for call in calls) / prompt if prompt else None,
            "mean_e2el_ms": 1000.0 * sum(call.elapsed_s for call in calls) / len(calls),
        },
    }


def _places(record: Path) -> dict[tuple[str, str], int]:
    """Place of each call in the record, by digest and draw: calls are appended as they are answered."""
    if not record.is_file():
        raise SystemExit(f"{record.parent}: no run folder (it has no {_RECORD})")
    connection = sqlite3.connect(f"{record.absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows: Iterator[tuple[int, bytes, str]] = connection.execute("SELECT id, digest, draw FROM calls")
        return {(bytes(digest).hex(), draw): number for number, digest, draw in rows}
    except sqlite3.Error as error:
        raise SystemExit(f"{record}: cannot be read: {error}") from error
    finally:
        connection.close()


def _draw(text: str) -> dict[str, Any]:
    """Parts of a draw key as stored, ``seed/agent/step/path/attempt``; nothing for a call that was no draw."""
    if not text:
        return {}
    _, agent, step, rest = text.split("/", 3)
    return {"agent": int(agent), "step": int(step), "path": rest.rpartition("/")[0]}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    export = verbs.add_parser("export")
    export.add_argument("run", type=Path)
    export.add_argument("file", type=Path)
    export.add_argument("--format", choices=("socsim", "vllm"), default="socsim")
    again = verbs.add_parser("replay")
    again.add_argument("file", type=Path)
    where = again.add_mutually_exclusive_group(required=True)
    where.add_argument("--base-url")
    where.add_argument("--embedded", metavar="NAME_OR_FILE")
    again.add_argument("--model", default="")
    again.add_argument("--kind", choices=("vllm", "sglang", "llama_server", "ollama", "hosted"), default="vllm")
    again.add_argument("--key-env", default="", help="name of the environment variable that holds the key")
    again.add_argument("--in-flight", type=int, default=64)
    return parser.parse_args()


def _asker(arguments: argparse.Namespace) -> ServerAsker | EngineAsker:
    if arguments.base_url:
        key = os.environ.get(arguments.key_env, "") if arguments.key_env else ""
        return ServerAsker(arguments.base_url, model=arguments.model, kind=arguments.kind, key=key)
    from socsim.inference.embedded import EmbeddedEngine
    from socsim.models import find_model

    return EngineAsker(EmbeddedEngine(find_model(arguments.embedded)))


async def _replay(arguments: argparse.Namespace) -> dict[str, Any]:
    calls = read_trace(arguments.file)
    if not calls:
        raise SystemExit(f"{arguments.file}: no calls in it")
    async with _asker(arguments) as asker:
        figures = await replayed(calls, asker, arguments.in_flight)
        return {**figures, "server": {"model": asker.model, "version": await asker.version()}}


def main() -> None:
    """See the module."""
    arguments = _arguments()
    try:
        if arguments.verb == "export":
            calls = read_run(arguments.run)
            write_trace(calls, arguments.file, arguments.format, source=arguments.run.name)
            print(f"{arguments.file}: {len(calls)} calls")
            print(json.dumps({"benchmark": "traces", "file": str(arguments.file), "calls": len(calls)}))
            return
        figures = asyncio.run(_replay(arguments))
    except SocsimError as error:
        raise SystemExit(str(error)) from error
    recorded = figures["recorded"]
    print(
        f"{figures['completed']} of {recorded['calls']} calls in {figures['duration_s']:.1f} s: "
        f"{figures['request_throughput']:.2f} calls/s, {figures['total_token_throughput']:.0f} tokens/s"
    )
    print(json.dumps({"benchmark": "traces", **figures, "hardware": hardware(), "versions": provenance()}))


if __name__ == "__main__":
    main()
