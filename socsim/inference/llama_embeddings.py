"""Embeddings from the embedded model: a second server of the same file, started when it is first asked.

The vectors are the model's own last hidden states, averaged over a text's tokens and scaled to length 1. A model that was
trained to write texts, not to compare them, gives vectors that compare texts coarsely; say so where they are used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

from socsim.errors import ContextOverflow, Rejected, Unavailable
from socsim.inference.llama_server import LlamaServer, ServerSettings

__all__ = ["LlamaEmbedder"]

_AT_ONCE = 32
"""Texts in one call of the server, after which it is looked whether somebody still waits."""


class LlamaEmbedder:
    """Gives vectors for texts. Control tokens are never read out of a text.

    Args:
        path: the model file.
        settings: how the model is served otherwise; a text may have as many tokens as a slot there.
    """

    def __init__(self, path: Path, settings: ServerSettings) -> None:
        self._path = path
        self._settings = replace(settings, slots=1, embedding=True)  # more are not faster
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="socsim-vectors")
        self._server: LlamaServer | None = None

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """One vector of length 1 per text.

        Raises:
            ContextOverflow: a text has more tokens than a slot holds.
            ModelFileError: the model cannot be loaded a second time.
            Rejected: a text is empty.
            Unavailable: the model failed.
        """
        gone = Event()
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._embed, list(texts), gone)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            gone.set()
            await asyncio.wait({running})
            if not running.cancelled():
                running.exception()
            raise

    def close(self) -> None:
        """Stop the server, if it was started. Safe to call twice."""
        self._thread.shutdown(cancel_futures=True)
        if self._server is not None:
            self._server.close()
            self._server = None

    def _embed(self, texts: list[str], gone: Event) -> list[tuple[float, ...]]:
        if self._server is None:
            self._server = LlamaServer(self._path, self._settings)
        server = self._server
        written = [self._tokens(server, number, text) for number, text in enumerate(texts)]
        found: list[tuple[float, ...]] = []
        for start in range(0, len(written), _AT_ONCE):
            part = written[start : start + _AT_ONCE]
            vectors = server.embed(part, gone.is_set)
            if len(vectors) != len(part):
                raise Unavailable(f"the embedded model gave {len(vectors)} vectors for {len(part)} texts")
            found += vectors
        return found

    def _tokens(self, server: LlamaServer, number: int, text: str) -> tuple[int, ...]:
        ids = server.tokenize(text, special=False, begin=True) if text else ()
        most = self._settings.context_tokens
        if not ids:
            raise Rejected(f"text {number} of those to embed is empty")
        if len(ids) > most:
            raise ContextOverflow(f"text {number} of those to embed has {len(ids)} tokens; a slot holds {most}")
        return ids
