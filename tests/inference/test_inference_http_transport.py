"""Both transports: connections come and go with their loop, nothing is unpacked unasked, no key is left lying about."""

from __future__ import annotations

import asyncio
import gc
import gzip
import shutil
import ssl
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest
from aiohttp import web

from socsim.errors import BadReply, InferenceError, Rejected, Unavailable
from socsim.inference.http_hosted import HostedTransport
from socsim.inference.http_lean import LeanTransport
from socsim.inference.http_transport import Reply, Transport, TransportSettings
from socsim.inference.keys import Key
from socsim.loop import LoopThread
from tests.inference.http_servers import raw_server

CANARY = "sk-canary-0123456789abcdef"
BODY = {"model": "m", "messages": [{"role": "user", "content": "Well?"}]}
PATH = "/chat/completions"
Make = Callable[[], Transport]


@pytest.fixture(params=[LeanTransport, HostedTransport], ids=["lean", "hosted"])
def make(request: pytest.FixtureRequest) -> Make:
    return lambda: request.param(TransportSettings(Key(CANARY), 1 << 20, connect_s=5.0))


class Place:
    """A server in a thread of its own, which counts its connections."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.connections: set[object] = set()
        self.answer: Callable[[web.Request], web.Response] = lambda request: web.json_response({"ok": True})
        self._loop = LoopThread("test-server")
        self._runner = self._loop.run(self._start(tls))
        scheme = "https" if tls else "http"
        self.address = f"{scheme}://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def _start(self, tls: ssl.SSLContext | None) -> web.AppRunner:
        async def handle(request: web.Request) -> web.Response:
            await request.read()
            self.connections.add(request.transport.get_extra_info("peername") if request.transport else None)
            return self.answer(request)

        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{any:.*}", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        return runner

    def close(self) -> None:
        self._loop.run(self._runner.cleanup())
        self._loop.close()


@pytest.fixture
def place() -> Iterator[Place]:
    one = Place()
    yield one
    one.close()


async def ask(transport: Transport, address: str, times: int = 1) -> Reply:
    for _ in range(times):
        reply = await transport.post(address, PATH, BODY)
    return reply


def collect() -> None:
    """Whatever was left open warns now, and warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gc.collect()


def test_connections_are_kept_for_the_next_call(make: Make, place: Place) -> None:
    async def main() -> None:
        transport = make()
        assert (await ask(transport, place.address, 5)).body == b'{"ok": true}'
        await transport.leave()
        await transport.leave()
        transport.close()

    asyncio.run(main())
    assert len(place.connections) == 1


def test_a_loop_that_ended_with_open_connections_leaves_no_warning_and_the_next_one_is_served(make: Make, place: Place) -> None:
    transport = make()
    for _ in range(2):
        assert asyncio.run(ask(transport, place.address)).status == 200
    transport.close()
    transport.close()
    collect()
    assert len(place.connections) == 2


def test_closing_in_the_loop_itself_does_not_block_it(make: Make, place: Place) -> None:
    async def main() -> None:
        transport = make()
        await ask(transport, place.address)
        transport.close()
        assert (await ask(transport, place.address)).status == 200
        await transport.leave()

    asyncio.run(asyncio.wait_for(main(), 10))
    collect()


def test_closing_from_another_thread_closes_in_the_loop(make: Make, place: Place) -> None:
    transport = make()
    with LoopThread("test-client") as loop:
        loop.run(ask(transport, place.address))
        closing = threading.Thread(target=transport.close)
        closing.start()
        closing.join(10)
        assert not closing.is_alive()
    collect()


def test_a_body_of_several_megabytes_is_sent(make: Make, place: Place) -> None:
    place.answer = lambda request: web.json_response({"length": request.content_length})
    long = {**BODY, "messages": [{"role": "user", "content": "word " * 500_000}]}

    async def main() -> Reply:
        transport = make()
        reply = await transport.post(place.address, PATH, long)
        await transport.leave()
        return reply

    assert int(asyncio.run(main()).body.split(b":")[1].strip(b" }")) > 2_500_000


def test_a_small_reply_that_unpacks_to_a_large_one_is_not_unpacked(make: Make, place: Place) -> None:
    packed = gzip.compress(b" " * 50_000_000)
    place.answer = lambda request: web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async def main() -> bytes | str:
        transport = make()
        try:
            return (await ask(transport, place.address)).body
        except BadReply as error:
            return str(error)
        finally:
            await transport.leave()

    assert asyncio.run(main()) in (packed, "the reply is compressed, which was not asked for")


def test_cookies_of_a_server_are_not_sent_back_and_redirects_not_followed(make: Make, place: Place) -> None:
    seen: list[str] = []

    def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie", ""))
        response = web.Response(status=307, headers={"Location": f"{place.address}/other"})
        response.set_cookie("track", "me")
        return response

    place.answer = answer

    async def main() -> list[str]:
        transport, found = make(), []
        for _ in range(2):
            try:
                found.append(str((await ask(transport, place.address)).status))
            except Rejected as error:
                found.append(str(error))
        await transport.leave()
        return found

    assert all("307" in one or "redirects" in one for one in asyncio.run(main()))
    assert len(seen) == 2
    assert "me" not in seen[0]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that nobody has signed."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run(["openssl", *request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_a_certificate_that_nobody_signed_is_refused_for_good(make: Make, certificate: ssl.SSLContext) -> None:
    place = Place(certificate)

    async def main() -> None:
        transport = make()
        try:
            with pytest.raises(Rejected, match="certificate"):
                await ask(transport, place.address)
        finally:
            await transport.leave()

    asyncio.run(main())
    assert place.connections == set()
    place.close()


def chained(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


async def _no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(f"HTTP/9 no {CANARY}\r\n\r\n".encode())
    await writer.drain()


async def _cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
    await writer.drain()
    writer.transport.abort()


@pytest.mark.parametrize("answer", [_no_http, _cut])
def test_what_is_chained_to_an_error_holds_no_request_with_its_key(make: Make, answer: Callable[..., object]) -> None:
    async def main() -> InferenceError:
        async with raw_server(answer) as address:  # type: ignore[arg-type]
            transport = make()
            with pytest.raises(Unavailable) as caught:
                await ask(transport, address)
            await transport.leave()
            return caught.value

    error = asyncio.run(main())
    if answer is _cut:
        assert not [one for one in chained(error) if CANARY in repr(one) + str(one) + repr(vars(one))]
    else:  # the server's own words are the engine's to clean; the request may not be there
        assert "Authorization" not in "".join(repr(one) + repr(vars(one)) for one in chained(error))
    assert CANARY not in repr(make()) + repr(vars(make()))


def test_a_proxy_is_used_for_providers_only(monkeypatch: pytest.MonkeyPatch, make: Make, place: Place) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def main() -> int:
        transport = make()
        status = (await ask(transport, place.address)).status
        await transport.leave()
        return status

    assert asyncio.run(main()) == 200
