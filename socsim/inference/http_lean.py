"""A lean transport for servers of one's own: kept connections, prepared heads, fast JSON, no object per call beyond the reply.

It follows no redirects, keeps no cookies, reads no proxy settings and no more of a reply than is allowed.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from socsim.errors import Rejected, Unavailable
from socsim.inference.http_connection import Connection
from socsim.inference.http_errors import Unreachable
from socsim.inference.http_transport import Reply, TransportSettings, abandon, is_running_here

__all__ = ["LeanTransport"]

_CLOSING_S = 5.0


@dataclass(slots=True)
class _Server:
    """Where requests go, what they begin with, and the connections that nobody uses now, the latest used last."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    beginning: bytes
    path: str
    free: list[Connection] = field(default_factory=list)
    heads: dict[str, bytes] = field(default_factory=dict)


class LeanTransport:
    """Sends requests over connections of its own; see `socsim.inference.http_transport.Transport`."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._servers: dict[str, _Server] = {}
        self._open: set[Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(self, address: str, path: str, body: Mapping[str, Any]) -> Reply:
        """The reply to JSON sent to a path under an address."""
        content = orjson.dumps(body)
        server = self._server(address)
        head = server.heads.get(path)
        if head is None:
            head = server.heads[path] = f"POST {server.path}{path} HTTP/1.1\r\n".encode() + server.beginning
        return await self._exchange(server, b"%bContent-Length: %d\r\n\r\n%b" % (head, len(content), content))

    async def get(self, address: str, path: str) -> Reply:
        """The reply to a GET of a path under an address."""
        server = self._server(address)
        return await self._exchange(server, f"GET {server.path}{path} HTTP/1.1\r\n".encode() + server.beginning + b"\r\n")

    async def leave(self) -> None:
        """Close the connections."""
        if self._loop is asyncio.get_running_loop():
            self._abort_all()
            await asyncio.sleep(0)
        self._servers, self._open, self._loop = {}, set(), None

    def close(self) -> None:
        """Give the connections up; where their loop still runs, they are closed there."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        if is_running_here(loop):
            self._abort_all()
        elif loop.is_running():
            asyncio.run_coroutine_threadsafe(self._closed(), loop).result(_CLOSING_S)
        else:
            abandoned: list[Any] = [*self._open, *self._servers.values()]
            self._servers, self._open = {}, set()
            abandon(abandoned)
        self._servers, self._open = {}, set()

    async def _closed(self) -> None:
        self._abort_all()
        await asyncio.sleep(0)

    def _abort_all(self) -> None:
        for connection in self._open:
            connection.abort()

    def _server(self, address: str) -> _Server:
        if self._loop is not asyncio.get_running_loop():
            self.close()
            self._loop = asyncio.get_running_loop()
        found = self._servers.get(address)
        if found is None:
            found = self._servers[address] = self._known(address)
        return found

    def _known(self, address: str) -> _Server:
        parts = urlsplit(address)
        lines = [
            f"Host: {parts.netloc}",
            "Content-Type: application/json",
            "Accept: application/json",
            "Accept-Encoding: identity",
        ]
        if self._settings.key:
            lines.append(f"Authorization: Bearer {self._settings.key.reveal()}")
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or (443 if tls else 80)
        return _Server(parts.hostname or "", port, tls, "".join(f"{line}\r\n" for line in lines).encode(), parts.path)

    async def _exchange(self, server: _Server, request: bytes) -> Reply:
        while True:
            connection = self._kept(server)
            kept = connection is not None
            if connection is None:
                connection = await self._connect(server)
            try:
                reply = await connection.exchange(request)
            except Unreachable:
                if not kept:
                    raise
                continue  # a server may close what it thinks nobody uses any more, just as it is used again
            finally:
                if connection.usable:
                    server.free.append(connection)
                else:
                    self._open.discard(connection)
            return reply

    @staticmethod
    def _kept(server: _Server) -> Connection | None:
        while server.free:
            connection = server.free.pop()
            if connection.usable:
                return connection
        return None

    async def _connect(self, server: _Server) -> Connection:
        loop, most = asyncio.get_running_loop(), self._settings.largest_reply
        try:
            async with asyncio.timeout(self._settings.connect_s):
                _, connection = await loop.create_connection(lambda: Connection(most), server.host, server.port, ssl=server.tls)
        except ssl.SSLCertVerificationError as error:
            raise Rejected(f"the certificate of {server.host} is not accepted: {error.verify_message}") from error
        except TimeoutError as error:
            raise Unreachable(f"no connection to the server within {self._settings.connect_s:g} s") from error
        except socket.gaierror as error:
            raise Unreachable(f"no connection to the server: {error.strerror}") from error
        except ssl.SSLError as error:
            raise Unavailable(f"no secure connection to the server: {error.reason}") from error
        except OSError as error:
            raise Unreachable(f"no connection to the server: {error.strerror or error}") from error
        self._open.add(connection)
        return connection
