"""A lean transport for servers of one's own: kept connections, fast JSON, no object per call beyond the reply.

It follows no redirects, keeps no cookies, reads no proxy settings and no more of a reply than is allowed.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from socsim.errors import BadReply, InferenceError, Rejected, TimedOut, Unavailable
from socsim.inference.http_errors import Unreachable
from socsim.inference.http_transport import Reply, TransportSettings, abandon, is_running_here

if TYPE_CHECKING:
    import aiohttp

__all__ = ["LeanTransport"]

_LARGE = 1 << 20
"""Bytes from which aiohttp wants a body in pieces, so that other calls go on meanwhile."""
_CLOSING_S = 5.0


class LeanTransport:
    """Sends requests with aiohttp; see `socsim.inference.http_transport.Transport`."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(self, address: str, path: str, body: Mapping[str, Any]) -> Reply:
        """The reply to JSON sent to a path under an address."""
        content = orjson.dumps(body)
        return await self._exchange("POST", address + path, content if len(content) < _LARGE else io.BytesIO(content))

    async def get(self, address: str, path: str) -> Reply:
        """The reply to a GET of a path under an address."""
        return await self._exchange("GET", address + path, None)

    async def leave(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def close(self) -> None:
        """Give the connections up; where their loop still runs, `leave` closes them better."""
        session, self._session = self._session, None
        loop = self._loop
        if session is None or session.closed or loop is None:
            return
        if is_running_here(loop):
            closing = session.close()
            with contextlib.suppress(StopIteration):
                closing.send(None)  # closes at once; nobody waits until the other side has seen it
            closing.close()
            session.detach()
        elif loop.is_running():
            asyncio.run_coroutine_threadsafe(session.close(), loop).result(_CLOSING_S)
        else:
            abandoned = [session, session.connector]
            session.detach()
            del session
            abandon(abandoned)

    async def _exchange(self, method: str, url: str, body: bytes | io.BytesIO | None) -> Reply:
        import aiohttp

        session = self._session
        if session is None or self._loop is not asyncio.get_running_loop():
            session = self._open()
        try:
            async with session.request(method, url, data=body, allow_redirects=False) as response:
                content = await self._read(response)
                headers = {name.lower(): value for name, value in response.headers.items()} if response.status != 200 else {}
                return Reply(response.status, headers, content)
        except aiohttp.ClientResponseError as error:
            # This one holds the request, with the key in it, so it is nobody's cause.
            ours = Unavailable(f"what came is no HTTP: {' '.join(error.message.split())[:200]}")
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise self._ours(error) from error
        raise ours

    def _ours(self, error: Exception) -> InferenceError:
        import aiohttp

        if isinstance(error, aiohttp.ServerDisconnectedError):
            return Unreachable("the server closed the connection without a reply")
        if isinstance(error, aiohttp.ClientPayloadError):
            return Unavailable("the connection ended in the middle of the reply")
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return Rejected(f"the certificate of {error.host} is not accepted: {error.certificate_error}")
        if isinstance(error, aiohttp.ClientConnectorError):
            return Unreachable(f"no connection to the server: {error.os_error.strerror or error.os_error}")
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return Unreachable(f"no connection to the server within {self._settings.connect_s:g} s")
        if isinstance(error, TimeoutError):
            return TimedOut("the server does not answer")
        return Unavailable(f"the exchange with the server failed ({type(error).__name__})")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        most = self._settings.largest_reply
        length = response.content_length
        if length is not None and length <= most:
            return await response.read()
        parts, size = [], length or 0
        if size <= most:
            size = 0
            async for part in response.content.iter_any():
                parts.append(part)
                size += len(part)
                if size > most:
                    break
        if size > most:
            response.close()
            raise BadReply(f"the reply is larger than {most / 2**20:g} MB (inference.endpoint.largest_reply_mb)")
        return b"".join(parts)

    def _open(self) -> aiohttp.ClientSession:
        """A session for the running loop."""
        import aiohttp

        self.close()
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._settings.key:
            headers["Authorization"] = f"Bearer {self._settings.key.reveal()}"
        self._loop = asyncio.get_running_loop()
        session: aiohttp.ClientSession = aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60.0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._settings.connect_s),
            auto_decompress=False,
            trust_env=False,
        )
        self._session = session
        return session
