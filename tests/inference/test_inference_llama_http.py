"""Connections are kept, renewed where the server has closed them, and closed when nobody waits for an answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest

from socsim.errors import ContextOverflow, InferenceError, Rejected, Unavailable
from socsim.inference.llama_http import LlamaHttp, ReportedError


class Server(ThreadingHTTPServer):
    """Answers with what ``answers`` holds for a path; ``None`` closes the connection without an answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, bytes | None] = {}
        self.connections: set[int] = set()
        self.seen: list[tuple[str, str, Any]] = []
        self.asked = threading.Event()
        self.dropped = threading.Event()
        self.close_after_answer = False
        self.together = threading.Barrier(1)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        server = self.server
        length = int(self.headers.get("Content-Length") or 0)
        body = orjson.loads(self.rfile.read(length)) if length else None
        server.seen.append((self.path, self.headers["Authorization"], body))
        server.connections.add(self.client_address[1])
        server.asked.set()
        if self.path == "/meet":
            server.together.wait(10)
        if self.path == "/never":
            if self.rfile.read(1) == b"":
                server.dropped.set()
            self.close_connection = True
            return
        answer = server.answers.get(self.path, b"{}")
        if answer is None:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.close_connection = server.close_after_answer  # without saying so

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def http(server: Server) -> Iterator[LlamaHttp]:
    http = LlamaHttp(f"127.0.0.1:{server.server_address[1]}", "secret")
    yield http
    http.close()


def test_a_connection_is_kept_and_the_key_is_sent(server: Server, http: LlamaHttp) -> None:
    server.answers["/a"] = b'{"x": 1}'
    for _ in range(5):
        assert http.post("/a", {"y": "é"}) == {"x": 1}
    assert http.get("/b") == {}
    assert len(server.connections) == 1
    assert server.seen[0] == ("/a", "Bearer secret", {"y": "é"})


def test_a_connection_that_the_server_closed_is_renewed(server: Server, http: LlamaHttp) -> None:
    server.close_after_answer = True
    for _ in range(3):
        assert http.post("/a", {}) == {}
    assert len(server.connections) == 3


def test_side_by_side_each_has_a_connection(server: Server, http: LlamaHttp) -> None:
    server.together = threading.Barrier(4)
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(http.post("/meet", {}, lambda: False))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{}] * 4
    assert len(server.connections) == 4


def test_what_nobody_waits_for_is_given_up_and_the_server_sees_it(server: Server, http: LlamaHttp) -> None:
    with pytest.raises(Unavailable, match="nobody waits"):
        http.post("/never", {}, server.asked.is_set)
    assert server.dropped.wait(10)
    assert http.post("/a", {}) == {}


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (None, Unavailable, "does not answer"),
        (b"<html>", Unavailable, "not JSON"),
        (b"[1]", Unavailable, "no answer"),
        (b'{"error": "odd"}', ReportedError, "odd"),
        (b'{"error": {"code": 500, "message": "broken"}}', ReportedError, "broken"),
        (b'{"error": {"message": "broken"}}', ReportedError, "broken"),
        (b'{"error": {"code": 400, "message": "no such field"}}', Rejected, "no such field"),
        (
            b'{"error": {"code": 400, "message": "no", "type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 8}}',
            ContextOverflow,
            "9 tokens, a slot holds 8",
        ),
    ],
)
def test_errors_are_typed_and_leave_the_port_usable(
    server: Server, http: LlamaHttp, answer: bytes | None, kind: type[InferenceError], message: str
) -> None:
    assert http.post("/good", {}) == {}
    server.answers["/bad"] = answer
    for _ in range(2):
        with pytest.raises(kind, match=message):
            http.post("/bad", {})
    assert http.post("/good", {}) == {}


def test_a_server_that_is_not_there_is_unavailable() -> None:
    server = Server()
    port = server.server_address[1]
    server.server_close()
    with pytest.raises(Unavailable, match="does not answer"):
        LlamaHttp(f"127.0.0.1:{port}", "secret").get("/a")
