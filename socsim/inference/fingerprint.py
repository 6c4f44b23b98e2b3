"""What a server says of itself when a run begins, and whether it is still the same when the run goes on.

An engine's identity is what the scenario declares of it. Behind an address there may be another model tomorrow: the
fingerprint is what was found there, by asking for its models and its version, and one fixed question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

__all__ = ["PROBE", "Fingerprinted", "changes"]

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
    return [words[name] for name in differing if name == "models"], [words[name] for name in differing if name != "models"]
