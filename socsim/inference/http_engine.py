"""The engine for servers that speak OpenAI's wire format: hosted APIs, vLLM, SGLang, Ollama, llama.cpp's server.

What kind of server it is the scenario declares; nothing is guessed. Hosted APIs are driven through the provider's client,
servers of one's own through a lean transport. Attempts, waits and limits are not its business.
"""

from __future__ import annotations

import asyncio
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
from socsim.inference.http_errors import KeyRefused, status_error
from socsim.inference.http_hosted import HostedTransport
from socsim.inference.http_lean import LeanTransport
from socsim.inference.http_metrics import read_metrics
from socsim.inference.http_options import score_whole_options
from socsim.inference.http_tokens import TextTokens, load_tokenizer
from socsim.inference.http_transport import Reply, Transport, TransportSettings
from socsim.inference.http_wire import WireFormat, read_embeddings
from socsim.inference.keys import Key, find_key, may_carry_key
from socsim.inference.types import Capabilities, Completion, EngineIdentity, Request, SamplingParams, Segment, Style
from socsim.provenance import package_version
from socsim.scenario.engines import EndpointSpec, InferenceSpec

__all__ = ["HttpEngine", "make_http_engine"]

_HOSTED = "https://api.openai.com/v1"
_SAMPLES = {"hosted": 8, "vllm": 128, "sglang": 128}
_VERSION_PATHS = {"vllm": "/version", "ollama": "/api/version"}
_METERED = ("vllm", "sglang", "llama_server")
_MOST_LISTED = {("hosted", "chat"): 20, ("hosted", "completions"): 5, ("ollama", "chat"): 20, ("ollama", "completions"): 20}
"""Log-probabilities that these list at most, whatever is asked for; one's own vLLM, SGLang or llama.cpp can be told."""
_METRICS_S = 10.0
"""Longest wait for the figures of one server."""
_TEXTS = 256
"""Texts of one request for embeddings."""
_AFFINE = 4096
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
    endpoint = _listing_what_it_can(spec.endpoint or EndpointSpec())
    addresses = tuple(address.rstrip("/") for address in spec.addresses)
    for address in addresses:
        if address.endswith(("/completions", "/embeddings", "/models")):
            fix = "Write it without the path of a call, for example: base_url: http://127.0.0.1:8000/v1"
            raise ScenarioError(Problem(f"{address} is the address of one kind of call", "inference.base_url", fix=fix))
    if len(set(addresses)) < len(addresses):
        raise ScenarioError(Problem("an address stands there twice", "inference.base_url", fix="Write every server once"))
    if not addresses:
        if endpoint.kind != "hosted":
            fix = "Write the server's address, for example: base_url: http://127.0.0.1:8000/v1"
            raise ScenarioError(Problem(f"the address of the {endpoint.kind} server is missing", "inference.base_url", fix=fix))
        addresses = (_HOSTED,)
    if endpoint.kind == "hosted" and spec.key is None and not all(may_carry_key(one) and "https" not in one for one in addresses):
        fix = "Name the environment variable that holds it, for example: key: OPENAI_API_KEY"
        raise ScenarioError(Problem("a hosted API wants a key", "inference.key", fix=fix))
    if spec.batch is not None and endpoint.kind != "hosted":
        fix = "Leave batch out, or write endpoint: {kind: hosted}"
        raise ScenarioError(Problem(f"a {endpoint.kind} server has no batch endpoint", "inference.batch", fix=fix))
    key = find_key(spec.key, spec.env_file, folder)
    for address in addresses if key else ():
        if not may_carry_key(address):
            fix = "Use an https address, or leave the key out"
            raise ScenarioError(Problem("a key would be sent unencrypted to another machine", "inference.base_url", fix=fix))
    return HttpEngine(spec, endpoint, addresses, key, folder)


def _listing_what_it_can(endpoint: EndpointSpec) -> EndpointSpec:
    """The endpoint with as many log-probabilities as its kind lists at most.

    Raises:
        ScenarioError: more are declared.
    """
    most = _MOST_LISTED.get((endpoint.kind, endpoint.api))
    if most is None or endpoint.top_logprobs <= most:
        return endpoint
    if "top_logprobs" in endpoint.model_fields_set:
        message = f"a {endpoint.kind} endpoint lists {most} log-probabilities at most (api: {endpoint.api})"
        fix = f"Write {most} or less; a server of your own (kind: vllm, sglang, llama_server) can be started to list more"
        raise ScenarioError(Problem(message, "inference.endpoint.top_logprobs", fix=fix))
    return endpoint.model_copy(update={"top_logprobs": most})


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
        tokenize = tokenizer.prompt if tokenizer else None
        self._wire = WireFormat(endpoint.kind, endpoint.api, str(spec.model), endpoint.top_logprobs, tokenize)
        self._whole_options = tokenizer if endpoint.kind == "vllm" else None
        self._endpoints = Endpoints(addresses)
        settings = TransportSettings(key, int(endpoint.largest_reply_mb * 2**20))
        self._transport: Transport = (HostedTransport if endpoint.kind == "hosted" else LeanTransport)(settings)
        self._able = self._abilities()
        host = ",".join(urlsplit(address).netloc for address in addresses)
        library = "openai" if endpoint.kind == "hosted" else "httptools"
        self._identity = EngineIdentity(
            engine="openai",
            model=str(spec.model),
            version=f"{library} {package_version(library)}",
            settings=(
                ("kind", endpoint.kind),
                ("api", endpoint.api),
                ("host", host),
                ("top_logprobs", str(endpoint.top_logprobs)),
                *((("server's own", "top_k, min_p, repetition_penalty"),) if endpoint.kind == "ollama" else ()),
            ),
        )

    @property
    def identity(self) -> EngineIdentity:
        """The model's name and where it is asked; what is found there is its `fingerprint`."""
        return self._identity

    def capabilities(self) -> Capabilities:
        """What this kind of server can do."""
        return self._able

    def _abilities(self) -> Capabilities:
        kind, spec, wire = self._spec.kind, self._spec, self._wire
        chat = spec.api == "chat"
        return Capabilities(
            chat=chat,
            plain=not chat,
            score=spec.top_logprobs > 0,
            token_ids=wire.tokenize is not None,
            parallel=spec.parallel * len(self._endpoints.addresses),
            context_tokens=spec.context_tokens,
            whole_options=self._whole_options is not None,
            most_candidates=0 if self._whole_options else spec.top_logprobs,
            prefill=wire.prefill,
            samples=_SAMPLES.get(kind, 1),
            sampling=wire.sampling,
            constrained=True,
            adapters=kind == "vllm",
            embeddings=kind in ("hosted", "ollama"),  # one server of the others gives texts or vectors, not both
        )

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Ask one server.

        Raises:
            InferenceError: there is no answer; see `socsim.errors`.
        """
        if request.kind == "score" and self._whole_options and self._spec.top_logprobs:
            return await self._score(request, self._whole_options)
        return (await self._ask(request, seed, 1))[0]

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """Several texts from one prefill; servers draw them from one seed, the first."""
        return await self._ask(request, seeds[0], len(seeds))

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """One vector per text, as the server's embedding model gives it.

        Raises:
            InferenceError: there is no answer, or none of the right form.
        """
        vectors: list[tuple[float, ...]] = []
        with self._hiding_the_key():
            for at in range(0, len(texts), _TEXTS):
                part = list(texts[at : at + _TEXTS])
                body = {"model": self._wire.model, "input": part, "encoding_format": "float"}
                vectors += read_embeddings(await self._posted("/embeddings", body, part[0]), len(part))
        if len({len(vector) for vector in vectors}) > 1:
            raise BadReply("the embeddings have different lengths")
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
        with self._hiding_the_key():
            found = await self._found_there()
        return {name: self._key.hide(value) for name, value in found.items()}

    async def _found_there(self) -> dict[str, str]:
        wanted = self._wire.model
        if self._spec.kind == "hosted":
            try:
                return {"models": wanted} if wanted in await self._models(self._endpoints.addresses[0]) else {}
            except KeyRefused:
                raise
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
        return read_metrics("\n".join([await self._metrics(address) for address in self._endpoints.addresses]))

    async def _metrics(self, address: str) -> str:
        try:
            async with asyncio.timeout(_METRICS_S):
                reply = await self._transport.get(_root(address), "/metrics")
        except (InferenceError, TimeoutError):
            return ""
        return reply.body.decode("utf-8", "replace") if reply.status == 200 else ""

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
        try:
            content = await self._posted(self._wire.path, body, request.segments[0].text)
            found = self._wire.read(request, content, texts)
        except InferenceError as error:
            self._hide_the_key(error)
            raise
        if notes:
            found = [replace(one, notes=(*notes, *one.notes)) for one in found]
        return [self._without_the_key(one) for one in found] if self._key else found

    async def _score(self, request: Request, tokens: TextTokens) -> Completion:
        self._wire.check_style(request)
        prefix = request.segments[0].text if request.segments else ""
        with self._hiding_the_key():
            return await score_whole_options(
                request, self._wire, tokens, lambda body: self._posted(self._wire.path, body, prefix)
            )

    async def _posted(self, path: str, body: Mapping[str, Any], prefix: str) -> bytes:
        return _checked(await self._endpoints.call(prefix[:_AFFINE], lambda address: self._transport.post(address, path, body)))

    def _without_the_key(self, completion: Completion) -> Completion:
        """A server that repeats the key does not get it into the record, however it writes it down."""
        hidden = self._key.cut_out(completion.text)
        return completion if hidden == completion.text else replace(completion, text=hidden)

    def _clean(self, body: bytes) -> bytes:
        return self._key.cut_out(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    @contextmanager
    def _hiding_the_key(self) -> Iterator[None]:
        try:
            yield
        except InferenceError as error:
            self._hide_the_key(error)
            raise

    def _hide_the_key(self, error: InferenceError) -> None:
        if self._key:
            error.args = (self._key.hide(str(error)), *error.args[1:])

    async def _models(self, address: str) -> list[str]:
        try:
            content = orjson.loads(_checked(await self._transport.get(address, "/models")))
            return [str(row["id"]) for row in content["data"]]
        except (KeyError, TypeError, ValueError) as error:
            raise BadReply(f"the server lists no models: {error!r}") from error

    async def _version(self) -> str:
        path = _VERSION_PATHS.get(self._spec.kind)
        if path is None:
            return ""
        try:
            reply = await self._transport.get(_root(self._endpoints.addresses[0]), path)
            return str(orjson.loads(_checked(reply))["version"])
        except (InferenceError, KeyError, TypeError, ValueError):
            return ""  # it is only a fact to compare later, and old servers have no such path

    def _batch_body(self, request: Request, seed: int) -> Mapping[str, Any]:
        return self._wire.body(request, seed)[0]

    def _batch_reply(self, request: Request, status: int, body: Mapping[str, Any]) -> Completion:
        with self._hiding_the_key():
            if status != 200:
                raise status_error(status, {}, orjson.dumps(body))
            found = self._wire.read(request, body)[0]
        notes = self._wire.body(request, 0)[1]
        return self._without_the_key(replace(found, notes=(*notes, *found.notes)) if notes else found)


def _checked(reply: Reply) -> bytes:
    """The body of a good reply."""
    if reply.status != 200:
        raise status_error(reply.status, reply.headers, reply.body)
    return reply.body


def _root(address: str) -> str:
    """The address of the server itself, without the path of the API."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
