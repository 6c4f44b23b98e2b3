"""The HTTP port of a llama.cpp server on this machine: kept connections, typed errors, answers that can be given up.

Knows JSON and connections, not prompts or tokens. Every method blocks: call them from threads.
"""

from __future__ import annotations

import http.client
import selectors
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from socsim.errors import ContextOverflow, Rejected, Unavailable

__all__ = ["Gone", "LlamaHttp", "ReportedError"]

Gone = Callable[[], bool]

_ANSWER_S = 120.0
"""Longest wait for an answer that nobody can give up."""
_LOOK_S = 0.05
"""How often it is looked whether somebody still waits for an answer."""


class ReportedError(Unavailable):
    """The server is there and reports an error of its own."""


class LlamaHttp:
    """Asks a server, from any number of threads; each takes a connection that is free, or a new one.

    Args:
        host: host and port.
        key: the server's key.
    """

    def __init__(self, host: str, key: str) -> None:
        self._host = host
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        self._free: deque[http.client.HTTPConnection] = deque()
        self._closed = False
        weakref.finalize(self, _close, self._free)

    def post(self, path: str, body: Mapping[str, Any], gone: Gone | None = None) -> dict[str, Any]:
        """The answer to a POST.

        Args:
            path: where to.
            body: sent as JSON.
            gone: true when nobody waits for the answer any more; the connection is closed then, and the server stops working
                on it. Without it the answer has to come within two minutes.

        Raises:
            ContextOverflow: the prompt does not fit.
            Rejected: the server does not take this.
            Unavailable: the server failed, does not answer, or nobody waits any more.
        """
        return self._request("POST", path, orjson.dumps(body), gone)

    def get(self, path: str) -> dict[str, Any]:
        """The answer to a GET; errors as for `post`."""
        return self._request("GET", path, None, None)

    def close(self) -> None:
        """Close what is free; what is in use is closed after its answer."""
        self._closed = True
        _close(self._free)

    def _request(self, method: str, path: str, body: bytes | None, gone: Gone | None) -> dict[str, Any]:
        try:
            answer = self._again(method, path, body, gone)
            return _checked(orjson.loads(answer))
        except (http.client.HTTPException, OSError) as error:
            raise Unavailable(f"the embedded model does not answer: {error or type(error).__name__}") from error
        except orjson.JSONDecodeError as error:
            raise Unavailable(f"the embedded model answers something that is not JSON to {path}") from error

    def _again(self, method: str, path: str, body: bytes | None, gone: Gone | None) -> bytes:
        """The answer on a kept connection, or on a new one where the server has closed that without saying so."""
        try:
            kept = self._free.pop()
        except IndexError:
            kept = None
        if kept is not None:
            try:
                return self._exchange(kept, method, path, body, gone)
            except (http.client.HTTPException, ConnectionError):
                pass
        return self._exchange(http.client.HTTPConnection(self._host, timeout=_ANSWER_S), method, path, body, gone)

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, gone: Gone | None
    ) -> bytes:
        whole = False
        try:
            connection.request(method, path, body, self._headers)
            if gone is not None:
                _wait(connection, gone)
            with connection.getresponse() as response:
                answer = response.read()
            whole = True
        finally:
            if whole and not self._closed:
                self._free.append(connection)
            else:
                connection.close()
        return answer


def _close(connections: deque[http.client.HTTPConnection]) -> None:
    while connections:
        connections.pop().close()


def _wait(connection: http.client.HTTPConnection, gone: Gone) -> None:
    """Until an answer begins to arrive."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        while not selector.select(_LOOK_S):
            if gone():
                raise Unavailable("nobody waits for this answer any more")


def _checked(answer: Any) -> dict[str, Any]:
    """The answer, or the error that it reports."""
    if not isinstance(answer, dict):
        raise Unavailable(f"the embedded model gave no answer ({type(answer).__name__})")
    error = answer.get("error")
    if error is None:
        return answer
    if not isinstance(error, dict):
        raise ReportedError(str(error))
    message = str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error":
        raise ContextOverflow(f"{message}: {error.get('n_prompt_tokens')} tokens, a slot holds {error.get('n_ctx')}")
    code = error.get("code")
    if isinstance(code, int) and 400 <= code < 500:
        raise Rejected(message)
    raise ReportedError(message)
