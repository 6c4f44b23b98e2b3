"""What a server says of itself when a run begins, and whether it is still the same when the run goes on.

An engine's identity is what the scenario declares of it. Behind an address there may be another model tomorrow: the
fingerprint is what was found there, by asking for its models and its version, and one fixed question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from socsim.errors import InferenceError, TimedOut
from socsim.inference.retrying import Backoff
from socsim.scenario.engines import LimitsSpec

__all__ = ["PROBE", "Fingerprinted", "changes", "take_fingerprint"]

PROBE = "probe"
"""Name of the reply to the fixed question. Servers that batch may answer it in other words with the same model."""


@runtime_checkable
class Fingerprinted(Protocol):
    """An engine that can say what it finds at its address."""

    async def fingerprint(self) -> dict[str, str]:
        """Facts by name, such as ``models``, ``version`` and ``probe`` (the reply to one fixed greedy question).

        Raises:
            InferenceError: nobody answers.
        """
        ...


def changes(recorded: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What differs between two fingerprints: what must not (other models), and what should be known (all else), in words.

    Example:
        >>> changes({"models": "a", "version": "1"}, {"models": "a", "version": "2"})
        ([], ["version was '1' and is '2'"])
    """
    differing = [name for name in sorted({*recorded, *now}) if recorded.get(name) != now.get(name)]
    words = {name: f"{name} was {recorded.get(name, '')!r} and is {now.get(name, '')!r}" for name in differing}
    wrong = [name for name in differing if name.rpartition(": ")[2] == "models"]  # where there are several: "NAME: models"
    return [words[name] for name in wrong], [words[name] for name in differing if name not in wrong]


async def take_fingerprint(engine: Fingerprinted, limits: LimitsSpec, backoff: Backoff | None = None) -> dict[str, str]:
    """The fingerprint of an engine, asked for as often and as patiently as any call.

    Raises:
        InferenceError: nobody answers, or not in time, however often it is asked.
    """
    backoff, attempt = backoff or Backoff(), 0
    while True:
        attempt += 1
        try:
            return await _once(engine, limits.timeout_s)
        except InferenceError as error:
            wait_s = backoff.wait_s(attempt, error)
            if wait_s is None or attempt >= limits.attempts:
                raise
        await asyncio.sleep(wait_s)


async def _once(engine: Fingerprinted, timeout_s: float) -> dict[str, str]:
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await engine.fingerprint()
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TimedOut(f"the server does not say what it is within {timeout_s:g} s") from error
