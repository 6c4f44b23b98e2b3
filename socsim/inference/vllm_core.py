"""vLLM's engine inside this process: started when first asked, moved from one event loop to the next, restarted when it dies.

Knows tokens and vLLM's own parameters, not prompts or items.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from socsim.errors import ContextOverflow, InferenceError, ModelFileError, RateLimited, Rejected, Unavailable

__all__ = ["VllmCore", "is_objection"]

_BETWEEN_STARTS_S = 60.0
_TOO_LONG = ("longer than the maximum model length", "maximum context length")


class VllmCore:
    """An `AsyncLLM`, which belongs to one event loop at a time.

    Args:
        arguments: engine arguments by name.
        between_starts_s: seconds from one start to the next at least, so that a model that kills its engine is not loaded
            over and over.
    """

    def __init__(self, arguments: Mapping[str, Any], *, between_starts_s: float = _BETWEEN_STARTS_S) -> None:
        self._arguments = dict(arguments)
        self._between_starts_s = between_starts_s
        self._llm: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Task[None] | None = None
        self._started_at: float | None = None
        self._has_run = False
        self._closed = False
        self._numbers = itertools.count()

    @property
    def context_tokens(self) -> int:
        """Longest prompt with its reply; 0 while the engine does not run."""
        return 0 if self._llm is None else int(self._llm.model_config.max_model_len)

    async def run(self, ids: Sequence[int], params: Any, *, priority: int = 0, lora: Any = None) -> Any:
        """The finished output for a prompt in tokens.

        Raises:
            ModelFileError: the engine cannot be started at all.
            ContextOverflow: the prompt is longer than the model's context.
            Rejected: vLLM does not take these parameters.
            Unavailable: the engine has died or failed; the next call starts it again.
        """
        llm = await self.running()
        name, found = f"socsim-{next(self._numbers)}", None
        prompt = {"prompt_token_ids": list(ids)}
        try:
            async for output in llm.generate(prompt, params, name, lora_request=lora, priority=priority):
                found = output
        except Exception as error:
            raise self._translated(llm, error) from error
        if found is None or not found.finished:
            raise Unavailable("vLLM ended a call without an answer")
        return found

    async def running(self) -> Any:
        """vLLM's engine, in the running event loop, started if need be.

        Raises:
            ModelFileError: it cannot be started.
            Unavailable: it is closed, in use by another event loop, or cannot be started again.
        """
        loop = asyncio.get_running_loop()
        if self._closed:
            raise Unavailable("the vLLM engine is closed")
        if self._loop is not loop:
            await self._enter(loop)
        while self._llm is None:
            if self._starting is None:
                self._starting = loop.create_task(self._start())
            await asyncio.shield(self._starting)
        return self._llm

    async def reset_prefix_cache(self) -> None:
        """Forget what was computed for earlier prompts."""
        await (await self.running()).reset_prefix_cache()

    async def leave(self) -> None:
        """Give up the running event loop; the engine goes on in the next one where vLLM allows it, else it starts again there."""
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        self._loop = None
        if self._llm is not None and not await _detached(self._llm):
            self._drop(self._llm)

    def close(self) -> None:
        """End the engine and its processes. Safe to call twice."""
        self._closed = True
        self._drop(self._llm)

    async def _enter(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None and not self._loop.is_closed():
            raise Unavailable("the vLLM engine is in use by another event loop; one engine serves one run at a time")
        forgotten, self._loop, self._starting = self._loop is not None, loop, None
        if forgotten and self._llm is not None and not await _detached(self._llm):
            self._drop(self._llm)

    async def _start(self) -> None:
        try:
            if self._started_at is not None:
                await asyncio.sleep(self._started_at + self._between_starts_s - time.monotonic())
            self._started_at = time.monotonic()
            llm = await asyncio.get_running_loop().run_in_executor(None, partial(_new_engine, self._arguments))
            if self._closed:
                llm.shutdown()
                raise Unavailable("the vLLM engine is closed")
            self._llm, self._has_run = llm, True
        except InferenceError:
            raise
        except Exception as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            reason = f"vLLM cannot be started: {first}. Its own words are above; see inference.vllm for what can be set"
            raise Unavailable(reason) if self._has_run else ModelFileError(reason) from error
        finally:
            self._starting = None

    def _drop(self, llm: Any) -> None:
        """Be rid of an engine, unless another has taken its place."""
        if llm is not None and llm is self._llm:
            self._llm = None
            llm.shutdown()

    def _translated(self, llm: Any, error: Exception) -> InferenceError:
        if isinstance(error, InferenceError):
            return error
        if llm.errored or type(error).__name__ == "EngineDeadError":
            self._drop(llm)
            return Unavailable("the vLLM engine has died; it is started again when next asked")
        if any(words in str(error) for words in _TOO_LONG):
            return ContextOverflow(str(error))
        if any(one.__name__ == "GracefulHTTPError" for one in type(error).__mro__):
            return RateLimited(f"vLLM takes no more calls: {error}")
        if is_objection(error):
            return Rejected(f"vLLM does not take this call: {error}")
        return Unavailable(f"vLLM failed: {error.__cause__ or error!r}")


def is_objection(error: Exception) -> bool:
    """Whether vLLM finds the request at fault; some versions have a class of their own for that, which is no ValueError."""
    return isinstance(error, ValueError | TypeError) or any(one.__name__ == "VLLMClientError" for one in type(error).__mro__)


def _new_engine(arguments: Mapping[str, Any]) -> Any:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    return AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments))


async def _detached(llm: Any) -> bool:
    """Take an engine's tasks out of their event loop, so that the next call starts them in its own; False where that cannot be.

    vLLM has no call for this. Its tasks end with the loop, and it makes new ones where it holds none.
    """
    try:
        core, resources = llm.engine_core, llm.engine_core.resources
        if resources.stats_update_task is not None:
            return False  # several data-parallel engines, with more tasks than these
        tasks = [task for task in (llm.output_handler, resources.output_queue_task) if task is not None]
        for task in tasks:
            if not task.get_loop().is_closed():
                task.cancel()
        here = [task for task in tasks if task.get_loop() is asyncio.get_running_loop()]
        await asyncio.gather(*here, return_exceptions=True)
        llm.output_handler = resources.output_queue_task = None
        core.outputs_queue = asyncio.Queue()
    except AttributeError:
        return False
    return not llm.errored
