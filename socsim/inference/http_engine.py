"""The engine for servers that speak OpenAI's wire format: hosted APIs, vLLM, SGLang, Ollama, llama.cpp's server.

What kind of server it is the scenario declares; nothing is guessed. Hosted APIs are driven through the provider's client,
servers of one's own through a lean transport. Attempts, waits and limits are not its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from socsim.errors import BadReply, InferenceError, Problem, Rejected, ScenarioError
from socsim.inference.http_batches import HostedBatches, Wire
from socsim.inference.http_endpoints import Endpoints, EndpointStats
from socsim.inference.http_errors import status_error
from socsim.inference.http_hosted import HostedTransport
from socsim.inference.http_lean import LeanTransport
from socsim.inference.http_metrics import read_metrics
from socsim.inference.http_tokens import load_tokenizer
from socsim.inference.http_transport import Reply, Transport, TransportSettings
from socsim.inference.http_wire import WireFormat
from socsim.inference.keys import Key, find_key, may_carry_key
from socsim.inference.types import Capabilities, Completion, EngineIdentity, Request, SamplingParams, Segment, Style
from socsim.provenance import package_version
from socsim.scenario.engines import EndpointSpec, InferenceSpec

__all__ = ["HttpEngine", "make_http_engine"]

_HOSTED = "https://api.openai.com/v1"
_SAMPLES = {"hosted": 8, "vllm": 128, "sglang": 128}
_VERSION_PATHS = {"vllm": "/version", "ollama": "/api/version"}
_METERED = ("vllm", "sglang", "llama_server")
_AFFINE = 512
"""Characters of a prompt's first segment by which servers are chosen."""
_PROBE = Request(
    "text", (Segment("user", "Count from one to five in words."),), sampling=SamplingParams(temperature=0.0, max_tokens=8)
)


def make_http_engine(spec: InferenceSpec, folder: Path | None) -> HttpEngine:
    """The engine that a scenario declares with ``engine: openai``.

    Args:
        spec: the scenario's inference part.
        folder: folder of the scenario, for the files that it names.

    Raises:
        ScenarioError: something is missing or does not go together; names the field.
    """
    endpoint = spec.endpoint or EndpointSpec()
    addresses = tuple(address.rstrip("/") for address in spec.addresses)
    if not addresses:
        if endpoint.kind != "hosted":
            fix = "Write the server's address, for example: base_url: http://127.0.0.1:8000/v1"
            raise ScenarioError(Problem(f"the address of the {endpoint.kind} server is missing", "inference.base_url", fix=fix))
        addresses = (_HOSTED,)
    if endpoint.kind == "hosted" and spec.key is None and not all(may_carry_key(one) and "https" not in one for one in addresses):
        fix = "Name the environment variable that holds it, for example: key: OPENAI_API_KEY"
        raise ScenarioError(Problem("a hosted API wants a key", "inference.key", fix=fix))
    key = find_key(spec.key, spec.env_file, folder)
    for address in addresses if key else ():
        if not may_carry_key(address):
            fix = "Use an https address, or leave the key out"
            raise ScenarioError(Problem("a key would be sent unencrypted to another machine", "inference.base_url", fix=fix))
    return HttpEngine(spec, endpoint, addresses, key, folder)


class HttpEngine:
    """Asks one or several servers of one model; make one with `make_http_engine`.

    Args:
        spec: the scenario's inference part.
        endpoint: what kind of server it is.
        addresses: one or more, each with its ``/v1``.
        key: sent as a bearer token; may be empty.
        folder: folder of the scenario.
    """

    def __init__(
        self, spec: InferenceSpec, endpoint: EndpointSpec, addresses: Sequence[str], key: Key, folder: Path | None = None
    ) -> None:
        self._spec = endpoint
        self._key = key
        tokenizer = load_tokenizer((folder or Path()) / endpoint.tokenizer) if endpoint.tokenizer else None
        if tokenizer is not None and endpoint.api != "completions":
            fix = "Write api: completions; chat endpoints take no token ids"
            raise ScenarioError(Problem("a tokenizer is of use to completions only", "inference.endpoint.tokenizer", fix=fix))
        self._wire = WireFormat(endpoint.kind, endpoint.api, str(spec.model), endpoint.top_logprobs, tokenizer)
        self._endpoints = Endpoints(addresses)
        settings = TransportSettings(key, int(endpoint.largest_reply_mb * 2**20))
        self._transport: Transport = (HostedTransport if endpoint.kind == "hosted" else LeanTransport)(settings)
        host = ",".join(urlsplit(address).netloc for address in addresses)
        library = "openai" if endpoint.kind == "hosted" else "aiohttp"
        self._identity = EngineIdentity(
            engine="openai",
            model=str(spec.model),
            version=f"{library} {package_version(library)}",
            settings=(
                ("kind", endpoint.kind),
                ("api", endpoint.api),
                ("host", host),
                ("top_logprobs", str(endpoint.top_logprobs)),
            ),
        )

    @property
    def identity(self) -> EngineIdentity:
        """The model's name and where it is asked; what is found there is its `fingerprint`."""
        return self._identity

    def capabilities(self) -> Capabilities:
        """What this kind of server can do."""
        kind, spec, wire = self._spec.kind, self._spec, self._wire
        chat = spec.api == "chat"
        return Capabilities(
            chat=chat,
            plain=not chat,
            score=spec.top_logprobs > 0,
            token_ids=wire.tokenize is not None,
            parallel=spec.parallel * len(self._endpoints.addresses),
            context_tokens=spec.context_tokens,
            whole_options=False,
            most_candidates=spec.top_logprobs,
            prefill=wire.prefill,
            samples=_SAMPLES.get(kind, 1),
            sampling=wire.sampling,
            constrained=True,
            adapters=kind == "vllm",
            embeddings=kind != "llama_server",  # one of its servers gives texts or vectors, not both
        )

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Ask one server.

        Raises:
            InferenceError: there is no answer; see `socsim.errors`.
        """
        return (await self._ask(request, seed, 1))[0]

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """Several texts from one prefill; servers draw them from one seed, the first."""
        return await self._ask(request, seeds[0], len(seeds))

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """One vector per text, as the server's embedding model gives it.

        Raises:
            InferenceError: there is no answer, or none of the right form.
        """
        body = {"model": self._wire.model, "input": list(texts), "encoding_format": "float"}
        content = await self._posted("/embeddings", body, texts[0] if texts else "")
        try:
            rows = sorted(orjson.loads(content)["data"], key=lambda row: int(row["index"]))
            vectors = [tuple(float(number) for number in row["embedding"]) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise BadReply(f"the reply holds no embeddings: {error!r}") from error
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) > 1:
            raise BadReply(f"{len(vectors)} embeddings of {len({len(v) for v in vectors})} lengths for {len(texts)} texts")
        return vectors

    async def count_tokens(self, request: Request) -> int:
        """Tokens of the prompt; only with a tokenizer.

        Raises:
            Rejected: no tokenizer is declared.
        """
        if self._wire.tokenize is None:
            raise Rejected("no tokenizer is declared (inference.endpoint.tokenizer)")
        return len(self._wire.tokenize("".join(segment.text for segment in request.segments)))

    async def fingerprint(self) -> dict[str, str]:
        """What is found at the address: the models, the server's version, and a fixed greedy question (8 tokens).

        Of a hosted API only whether it lists the model, where it lists any: it is not asked anything that costs.

        Raises:
            InferenceError: nobody answers.
            ScenarioError: the declared model is not there.
        """
        wanted = self._wire.model
        if self._spec.kind == "hosted":
            try:
                return {"models": wanted} if wanted in await self._models(self._endpoints.addresses[0]) else {}
            except Rejected:
                return {}  # not every provider lists its models
        models = sorted({name for address in self._endpoints.addresses for name in await self._models(address)})
        if self._spec.kind in ("vllm", "sglang", "ollama") and wanted not in models:
            fix = f"There are: {', '.join(models[:12])}" if models else "It serves none"
            raise ScenarioError(Problem(f"the server has no model {wanted!r}", "inference.model", fix=fix))
        found = {"models": wanted if wanted in models else ", ".join(models[:20])}
        version = await self._version()
        if version:
            found["version"] = version
        style: Style = "chat" if self._spec.api == "chat" else "plain"
        probe = await self.generate(replace(_PROBE, style=style, model=self._wire.model))
        return {**found, "probe": probe.text}

    async def server_metrics(self) -> dict[str, float]:
        """Figures of all servers together, where their kind offers any and they do."""
        if self._spec.kind not in _METERED:
            return {}
        totals: dict[str, float] = {}
        for address in self._endpoints.addresses:
            try:
                reply = await self._transport.get(_root(address), "/metrics")
            except InferenceError:
                continue
            found = read_metrics(reply.body.decode("utf-8", "replace")) if reply.status == 200 else {}
            totals = {name: totals.get(name, 0.0) + found.get(name, 0.0) for name in {*totals, *found}}
        return totals

    def endpoints(self) -> tuple[EndpointStats, ...]:
        """What each server did so far."""
        return self._endpoints.stats()

    def batches(self, window_h: int) -> HostedBatches:
        """The batch endpoint behind this engine.

        Raises:
            ScenarioError: only hosted APIs have one.
        """
        if not isinstance(self._transport, HostedTransport):
            fix = "Leave batch out, or write endpoint: {kind: hosted}"
            raise ScenarioError(Problem(f"a {self._spec.kind} server has no batch endpoint", "inference.batch", fix=fix))
        transport, address = self._transport, self._endpoints.addresses[0]
        wire = Wire(f"/v1{self._wire.path}", self._batch_body, self._batch_reply, transport.error, self._clean)
        return HostedBatches(lambda: transport.client(address), wire, window_h)

    async def leave(self) -> None:
        """Close the connections, which belong to the running event loop."""
        await self._transport.leave()

    def close(self) -> None:
        """Give all connections up."""
        self._transport.close()

    async def _ask(self, request: Request, seed: int, texts: int) -> list[Completion]:
        body, notes = self._wire.body(request, seed, texts)
        with self._hiding_the_key():
            content = await self._posted(self._wire.path, body, request.segments[0].text)
            found = self._wire.read(request, content, texts)
        return [replace(one, notes=(*notes, *one.notes)) for one in found] if notes else found

    async def _posted(self, path: str, body: Mapping[str, Any], prefix: str) -> bytes:
        with self._hiding_the_key():
            return self._checked(
                await self._endpoints.call(prefix[:_AFFINE], lambda address: self._transport.post(address, path, body))
            )

    def _checked(self, reply: Reply) -> bytes:
        """The body of a good reply; a server that repeats the key does not get it into the record."""
        if reply.status != 200:
            raise status_error(reply.status, reply.headers, reply.body)
        return self._clean(reply.body)

    def _clean(self, body: bytes) -> bytes:
        return body.replace(self._key.reveal().encode(), b"[key]") if self._key else body

    @contextmanager
    def _hiding_the_key(self) -> Iterator[None]:
        try:
            yield
        except InferenceError as error:
            if self._key:
                error.args = (self._key.hide(str(error)), *error.args[1:])
            raise

    async def _models(self, address: str) -> list[str]:
        try:
            content = orjson.loads(self._checked(await self._transport.get(address, "/models")))
            return [str(row["id"]) for row in content["data"]]
        except (KeyError, TypeError, ValueError) as error:
            raise BadReply(f"the server lists no models: {error!r}") from error

    async def _version(self) -> str:
        path = _VERSION_PATHS.get(self._spec.kind)
        if path is None:
            return ""
        try:
            reply = await self._transport.get(_root(self._endpoints.addresses[0]), path)
            return str(orjson.loads(self._checked(reply))["version"])
        except (InferenceError, KeyError, TypeError, ValueError):
            return ""  # it is only a fact to compare later, and old servers have no such path

    def _batch_body(self, request: Request, seed: int) -> Mapping[str, Any]:
        return self._wire.body(request, seed)[0]

    def _batch_reply(self, request: Request, status: int, body: Mapping[str, Any]) -> Completion:
        if status != 200:
            raise status_error(status, {}, orjson.dumps(body))
        return self._wire.read(request, body)[0]


def _root(address: str) -> str:
    """The address of the server itself, without the path of the API."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
