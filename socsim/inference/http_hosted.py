"""The transport for hosted APIs: the provider's own client, `openai`, with its retries, redirects and reading taken out.

Attempts and waits are the client's in front of the engine, and replies are read from their bytes like those of any server.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from socsim.errors import BadReply, InferenceError, Rejected, TimedOut, Unavailable
from socsim.inference.http_errors import Unreachable, status_error
from socsim.inference.http_transport import Reply, TransportSettings, abandon, is_running_here

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["HostedTransport"]

_MOST_CONNECTIONS = 1000
_CLOSING_S = 5.0
E = TypeVar("E", bound=BaseException)


class HostedTransport:
    """Sends requests with the `openai` client; see `socsim.inference.http_transport.Transport`."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._clients: dict[str, AsyncOpenAI] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(self, address: str, path: str, body: Mapping[str, Any]) -> Reply:
        """The reply to JSON sent to a path under an address: chat completions, completions or embeddings."""
        with self._translating():
            client = self.client(address)
            resources: dict[str, Any] = {
                "/chat/completions": client.chat.completions,
                "/completions": client.completions,
                "/embeddings": client.embeddings,
            }
            raw = await resources[path].with_raw_response.create(**body)
            return Reply(raw.status_code, {}, raw.content)

    async def get(self, address: str, path: str) -> Reply:
        """The reply to a GET of a path under an address."""
        import httpx2

        with self._translating():
            response = await self.client(address).get(path, cast_to=httpx2.Response)
            return Reply(response.status_code, {}, response.content)

    def client(self, address: str) -> AsyncOpenAI:
        """The provider's client of an address, for the running event loop."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self.close()
            self._loop = loop
        if address not in self._clients:
            self._clients[address] = self._open(address)
        return self._clients[address]

    async def leave(self) -> None:
        """Close the connections."""
        clients, self._clients = self._clients, {}
        await _close_all(list(clients.values()))

    def close(self) -> None:
        """Give the connections up; where their loop still runs, close them there."""
        loop, clients = self._loop, list(self._clients.values())
        self._clients = {}
        if not clients or loop is None:
            return
        if loop.is_running():
            closing = asyncio.run_coroutine_threadsafe(_close_all(clients), loop)
            if not is_running_here(loop):
                closing.result(_CLOSING_S)
        else:
            abandon(clients)

    def error(self, error: Exception) -> InferenceError:
        """An error of the provider's client as one of ours, without the key in its words.

        Raises:
            Exception: one that is none of the client's, as it is: a mistake in our code is no outage of the provider.
        """
        import httpx2
        import openai

        ours = _cause(error, InferenceError)
        if ours is not None:
            return self._hidden(ours)
        if isinstance(error, openai.APIStatusError):
            content = error.body if isinstance(error.body, dict) else {"message": str(error.body or error.message)}
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            return self._hidden(status_error(error.status_code, headers, orjson.dumps(content, default=str)))
        if isinstance(error, openai.APITimeoutError):
            return TimedOut("the provider does not answer")
        if isinstance(error, openai.APIConnectionError):
            untrusted = _cause(error, ssl.SSLCertVerificationError)
            if untrusted is not None:
                return Rejected(f"the provider's certificate is not accepted: {untrusted}")
            return Unreachable(f"no connection to the provider ({type(error.__cause__ or error).__name__})")
        if isinstance(error, openai.OpenAIError | httpx2.HTTPError | httpx2.StreamError | OSError):
            return Unavailable(f"the exchange with the provider failed ({type(error).__name__})")
        raise error

    def _hidden(self, error: InferenceError) -> InferenceError:
        error.args = (self._settings.key.hide(str(error)),)
        return error

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except InferenceError:
            raise
        except Exception as error:
            shown = self._settings.key.hide(str(error)) == str(error)
            raise self.error(error) from (error if shown else None)

    def _open(self, address: str) -> AsyncOpenAI:
        import httpx2
        import openai

        http = httpx2.AsyncClient(
            follow_redirects=False,
            trust_env=address.startswith("https://"),  # a provider may be behind a proxy of the user's; this machine is not
            headers={"Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(None, connect=self._settings.connect_s),
            limits=httpx2.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_CONNECTIONS),
            event_hooks={"response": [self._bound]},
        )
        key = self._settings.key.reveal() or "none"  # the client wants one; an endpoint without keys takes no notice
        return openai.AsyncOpenAI(api_key=key, base_url=address, max_retries=0, timeout=httpx2.Timeout(None), http_client=http)

    async def _bound(self, response: Any) -> None:
        """Let nobody read more of a reply than is allowed, nor unpack what was not to be packed."""
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise BadReply("the reply is compressed, which was not asked for")
        response.stream = _bounded(response.stream, self._settings.largest_reply)


def _bounded(stream: Any, most: int) -> Any:
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in stream:
                size += len(part)
                if size > most:
                    raise BadReply(f"the reply is larger than {most / 2**20:g} MB (inference.endpoint.largest_reply_mb)")
                yield part

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()


def _cause(error: BaseException, kind: type[E]) -> E | None:
    """An error of some kind among the causes of another."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, kind):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


async def _close_all(clients: list[Any]) -> None:
    for client in clients:
        await client.close()
