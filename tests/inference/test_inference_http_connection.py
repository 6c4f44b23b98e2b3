"""Replies are read whatever pieces they come in, and nothing that is no reply is taken for one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.errors import BadReply, Unavailable
from socsim.inference.http_connection import Connection
from socsim.inference.http_errors import Unreachable
from socsim.inference.http_transport import Reply

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n" + b'{"ok":true}'
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;extension=1\r\n" + b'{"ok"' + b"\r\n6\r\n:true}\r\n0\r\nTrailer: x\r\n\r\n"
)
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
OLD = b"HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\n" + b'{"ok":true}'
UNTIL_END = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b'{"ok":true}'


class Wire(asyncio.Transport):
    """Stands in for a socket: what is written to it is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.ended = True


async def answered(
    pieces: list[bytes], *, most: int = 1000, end: bool = True, error: Exception | None = None
) -> tuple[Reply, Connection]:
    """The reply to a request where these pieces come, and then the end."""
    connection = Connection(most)
    connection.connection_made(Wire())
    waiting = asyncio.ensure_future(connection.exchange(b"GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0)
    for piece in pieces:
        if piece:
            connection.data_received(piece)
    usable = connection.usable
    if end:
        connection.connection_lost(error)
    reply = await waiting
    connection.usable = usable
    return reply, connection


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED, CONTINUED, OLD, UNTIL_END])
def test_a_reply_may_be_cut_anywhere(whole: bytes) -> None:
    for cut in range(len(whole) + 1):
        reply, _ = asyncio.run(answered([whole[:cut], whole[cut:]]))
        assert (reply.status, reply.body) == (200, b'{"ok":true}')


@pytest.mark.parametrize(("whole", "kept"), [(PLAIN, True), (CHUNKED, True), (OLD, False)])
def test_only_a_connection_that_the_server_keeps_is_used_again(whole: bytes, kept: bool) -> None:
    _, connection = asyncio.run(answered([whole], end=False))
    assert connection.usable == kept


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED])
def test_a_reply_that_breaks_off_is_none(whole: bytes) -> None:
    with pytest.raises(Unreachable):
        asyncio.run(answered([]))
    for cut in range(1, len(whole)):
        with pytest.raises(Unavailable, match="in the middle"):
            asyncio.run(answered([whole[:cut]]))
    with pytest.raises(Unavailable, match="in the middle"):
        asyncio.run(answered([UNTIL_END], error=ConnectionResetError()))


def test_more_than_is_allowed_is_not_read() -> None:
    with pytest.raises(BadReply, match="larger than"):
        asyncio.run(answered([PLAIN], most=10))
    with pytest.raises(BadReply, match="larger than"):
        asyncio.run(answered([CHUNKED], most=10))
    with pytest.raises(BadReply, match="larger than"):
        asyncio.run(answered([b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"], most=10))
    with pytest.raises(Unavailable, match="head does not end"):
        asyncio.run(answered([b"HTTP/1.1 200 OK\r\n", *[b"X-A: " + b"b" * 1000 + b"\r\n"] * 70]))


def test_what_comes_unasked_ends_the_connection() -> None:
    async def main() -> None:
        _, connection = await answered([PLAIN], end=False)
        assert connection.usable
        connection.data_received(PLAIN)
        assert not connection.usable

    asyncio.run(main())


@given(st.binary(min_size=1, max_size=200))
def test_garbage_is_never_a_reply(garbage: bytes) -> None:
    with pytest.raises((Unavailable, BadReply)):
        asyncio.run(answered([b"\x00" + garbage]))


def test_giving_up_the_wait_gives_up_the_connection() -> None:
    async def main() -> None:
        connection, wire = Connection(10), Wire()
        connection.connection_made(wire)
        waiting = asyncio.ensure_future(connection.exchange(b"GET / HTTP/1.1\r\n\r\n"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert wire.ended
        assert not connection.usable

    asyncio.run(main())
