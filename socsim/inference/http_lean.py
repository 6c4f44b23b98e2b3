"""A lean transport for servers of one's own: kept connections, fast JSON, no object per call beyond the reply.

It follows no redirects, keeps no cookies, reads no proxy settings and no more of a reply than is allowed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from socsim.errors import BadReply, TimedOut, Unavailable
from socsim.inference.http_errors import Unreachable
from socsim.inference.http_transport import Reply, TransportSettings

if TYPE_CHECKING:
    import aiohttp

__all__ = ["LeanTransport"]


class LeanTransport:
    """Sends requests with aiohttp; see `socsim.inference.http_transport.Transport`."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(self, address: str, path: str, body: Mapping[str, Any]) -> Reply:
        """The reply to JSON sent to a path under an address."""
        return await self._exchange("POST", address + path, orjson.dumps(body))

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
        if session is None or session.closed:
            return
        loop = self._loop
        if loop is not None and loop.is_running():
            asyncio.run_coroutine_threadsafe(session.close(), loop).result(5.0)
            return
        connector: Any = session.connector
        session.detach()
        if connector is not None:
            with contextlib.suppress(RuntimeError):  # their loop is closed, and so are they
                connector._close_immediately()

    async def _exchange(self, method: str, url: str, body: bytes | None) -> Reply:
        import aiohttp

        session = self._session
        if session is None or self._loop is not asyncio.get_running_loop():
            session = self._open()
        try:
            async with session.request(method, url, data=body, allow_redirects=False) as response:
                content = await self._read(response)
                headers = {name.lower(): value for name, value in response.headers.items()} if response.status != 200 else {}
                return Reply(response.status, headers, content)
        except aiohttp.ServerDisconnectedError as error:
            raise Unreachable("the server closed the connection without a reply") from error
        except aiohttp.ClientPayloadError as error:
            raise Unavailable("the connection ended in the middle of the reply") from error
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(f"no connection to the server: {error.os_error.strerror or error.os_error}") from error
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable(f"no connection to the server within {self._settings.connect_s:g} s") from error
        except TimeoutError as error:
            raise TimedOut("the server does not answer") from error
        except (aiohttp.ClientResponseError, aiohttp.ClientConnectionError, ValueError, OSError) as error:
            kind = type(error).__name__
            raise Unavailable(f"the exchange with the server failed ({kind})") from error

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
