"""One kept HTTP/1.1 connection: a prepared request out, a bounded reply back, one at a time.

The bytes are read by `httptools` (the parser of Node.js). Nothing is unpacked, no more is kept than is allowed, and a
connection on which anything odd came is not used again.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from socsim.errors import BadReply, InferenceError, Unavailable
from socsim.inference.http_errors import Unreachable
from socsim.inference.http_transport import Reply

__all__ = ["Connection"]

_LONGEST_HEAD = 64 * 1024
"""Bytes of status line and headers that are read at most."""


class Connection(asyncio.Protocol):
    """A connection to one server.

    Args:
        largest_reply: bytes of a body that are read at most.
    """

    def __init__(self, largest_reply: int) -> None:
        import httptools

        self._httptools = httptools
        self._most = largest_reply
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self.usable = False
        """Whether another request can be sent."""
        self._forget()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = cast(asyncio.Transport, transport)
        self.usable = True

    async def exchange(self, request: bytes) -> Reply:
        """Send a request and wait for the reply; giving up the wait gives up the connection.

        Raises:
            Unreachable: the connection ended before anything came.
            Unavailable: it ended in the middle, or what came is no HTTP.
            BadReply: the body is too large.
        """
        assert self._transport is not None
        self._forget()
        self._parser: Any = self._httptools.HttpResponseParser(self)
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        except asyncio.CancelledError:
            self.abort()
            raise

    def abort(self) -> None:
        """End the connection at once."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._waiting is None or self._waiting.done():
            self.abort()  # nobody asked for it
            return
        self._begun = True
        self._head += 0 if self._in_body else len(data)
        try:
            self._parser.feed_data(data)
        except self._httptools.HttpParserUpgrade:
            self._fail(Unavailable("the server wants to speak another protocol"))
        except self._httptools.HttpParserError as error:
            self._fail(Unavailable(f"what came is no HTTP: {' '.join(str(error).split())[:200]}"))
        if not self._in_body and self._head > _LONGEST_HEAD:
            self._fail(Unavailable("what came is no HTTP: its head does not end"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, from the parser."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head is whole, from the parser."""
        self._status = self._parser.get_status_code()
        if self._status < 200:
            self._headers.clear()
            return
        self._in_body = True
        length = self._headers.get("content-length", "")
        self._until_end = not length and "chunked" not in self._headers.get("transfer-encoding", "").lower()
        if length.isdigit() and int(length) > self._most:
            self._too_large()

    def on_body(self, body: bytes) -> None:
        """A part of the body, from the parser."""
        self._size += len(body)
        if self._size > self._most:
            self._too_large()
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """The reply is whole, from the parser."""
        if self._status < 200 or self._waiting is None or self._waiting.done():
            return
        if not self._parser.should_keep_alive():
            self.usable = False
            if self._transport is not None:
                self._transport.close()
        self._settle()

    def eof_received(self) -> None:
        """The server sends nothing more."""
        self.usable = False

    def connection_lost(self, error: Exception | None) -> None:
        """The connection has ended."""
        self.usable = False
        waiting = self._waiting
        if waiting is None or waiting.done():
            return
        if self._in_body and self._until_end and error is None:
            self._settle()
        elif self._begun:
            self._fail(Unavailable("the connection ended in the middle of the reply"))
        else:
            self._fail(Unreachable("the server closed the connection without a reply"))

    def _settle(self) -> None:
        assert self._waiting is not None
        parts = self._parts
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        self._waiting.set_result(Reply(self._status, self._headers, body))

    def _too_large(self) -> None:
        self._fail(BadReply(f"the reply is larger than {self._most / 2**20:g} MB (inference.endpoint.largest_reply_mb)"))

    def _fail(self, error: InferenceError) -> None:
        self.abort()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)

    def _forget(self) -> None:
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._size = self._head = self._status = 0
        self._begun = self._in_body = self._until_end = False
