"""A small HTTP/1.1 server for measurements: keep-alive, one exchange at a time on a connection, nothing copied twice.

Replies are written by callbacks, whole or piece by piece, or broken on purpose. It knows connections and bytes; nothing of
models.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from http import HTTPStatus

__all__ = ["Connection", "Exchange", "Handler"]

_MOST_HEAD = 64 * 1024
_HEAD_END = b"\r\n\r\n"
_LINES = {int(one): f"HTTP/1.1 {int(one)} {one.phrase}\r\n".encode() for one in HTTPStatus}
_JSON_HEADS = {
    status: line + b"Content-Type: application/json\r\nContent-Length: %d\r\n" for status, line in _LINES.items()
}  # the common case, ready but for the length


class Exchange:
    """One request, and the means to answer it.

    Attributes:
        method: ``GET``, ``POST`` …
        path: without the query.
        body: what was sent.
        gone: whether the client has closed the connection.
        on_gone: called when it does so before the exchange has ended.
    """

    __slots__ = ("_connection", "_head", "body", "gone", "method", "on_gone", "path")

    def __init__(self, connection: Connection, method: str, path: str, head: bytes, body: bytes) -> None:
        self.method = method
        self.path = path
        self.body = body
        self.gone = False
        self.on_gone: Callable[[], None] | None = None
        self._head = head
        self._connection = connection

    def header(self, name: str) -> str:
        """A header of the request; empty where it has none."""
        return _header(self._head, name.lower().encode()).decode("latin-1")

    def reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Answer with a whole body; JSON unless the headers say otherwise."""
        if not headers:
            self.send((_JSON_HEADS[status] % len(body)) + b"\r\n" + body)
        else:
            self.send(_head(status, {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}) + body)
        self.end()

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of a reply whose body follows by `send`."""
        self.send(_head(status, headers))

    def begin_chunks(self, content_type: str) -> None:
        """Send the head of a reply whose body follows by `chunk`."""
        self.begin(200, {"Content-Type": content_type, "Transfer-Encoding": "chunked"})

    def chunk(self, data: bytes) -> None:
        """Send a piece of a reply of unknown length; an empty one is the last."""
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        if not self.gone:
            self._connection.transport.write(data)

    @property
    def congested(self) -> bool:
        """Whether the client reads more slowly than is sent."""
        return self._connection.congested

    def end(self) -> None:
        """The reply is complete; the next request of the connection may come."""
        self._connection.ended(self)

    def hang_up(self) -> None:
        """Close the connection in order."""
        self._connection.transport.close()

    def reset(self) -> None:
        """Close the connection as a crashed server does; what is still to be sent is sent first, as far as it goes."""
        sock: socket.socket | None = self._connection.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.transport.abort()


Handler = Callable[[Exchange], None]
"""Takes a request; answers it now or later."""


class Connection(asyncio.Protocol):
    """One client's connection.

    Args:
        handler: who answers.
        connected: called when somebody connects.
    """

    def __init__(self, handler: Handler, connected: Callable[[], None]) -> None:
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.congested = False
        self._handler = handler
        self._connected = connected
        self._buffer = bytearray()
        self._current: Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._connected()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """See `asyncio.Protocol`."""
        exchange, self._current = self._current, None
        if exchange is not None:
            exchange.gone = True
            if exchange.on_gone is not None:
                exchange.on_gone()

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.congested = True

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.congested = False

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._buffer += data
        if self._current is None:
            self._take()

    def ended(self, exchange: Exchange) -> None:
        """An exchange is over; begin the next if it has come already."""
        if self._current is not exchange:
            return
        self._current = None
        if exchange.header("connection").lower() == "close":
            self.transport.close()
        elif self._buffer:
            asyncio.get_running_loop().call_soon(self._take)

    def _take(self) -> None:
        """Hand over the next request as soon as it is there as a whole."""
        if self._current is not None or self.transport.is_closing():
            return
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            if len(self._buffer) > _MOST_HEAD:
                self.transport.abort()
            return
        head = bytes(self._buffer[: end + 2])
        length = int(_header(head, b"content-length") or 0)
        begin = end + len(_HEAD_END)
        if len(self._buffer) < begin + length:
            return
        body = bytes(self._buffer[begin : begin + length])
        del self._buffer[: begin + length]
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        exchange = self._current = Exchange(self, method, target.partition("?")[0], head, body)
        if _header(head, b"transfer-encoding"):
            exchange.reply(411, b'{"error": {"message": "requests need a Content-Length here"}}', {"Connection": "close"})
            self.transport.close()
            return
        self._handler(exchange)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return _LINES[status] + lines.encode("latin-1", "replace") + b"\r\n"


def _header(head: bytes, name: bytes) -> bytes:
    lower = head.lower()
    at = lower.find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    begin = at + len(name) + 3
    return head[begin : head.index(b"\r\n", begin)].strip()
