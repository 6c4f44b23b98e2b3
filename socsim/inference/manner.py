"""The manner in which an engine is asked: what the wording of questions depends on, and nothing else of the engine.

It is decided once, before the first call, and kept in the manifest, so that a run is replayed and resumed with the same
questions without asking an engine what it can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from socsim.inference.types import Capabilities, Style

__all__ = ["Manner", "manner_of", "manner_recorded"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How an engine is asked; the fields mean what they mean in `socsim.inference.types.Capabilities`.

    ``style``: ``chat`` where the model has a chat template, else ``plain``.
    """

    style: Style = "chat"
    prefill: bool = True
    whole_options: bool = True
    constrained: bool = True

    def as_recorded(self) -> dict[str, Any]:
        """The entries of a manifest."""
        return asdict(self)


def manner_of(able: Capabilities) -> Manner:
    """The manner in which an engine with these capabilities is asked."""
    return Manner("chat" if able.chat else "plain", able.prefill, able.whole_options, able.constrained)


def manner_recorded(manifest: Mapping[str, Any]) -> Manner:
    """The manner that a manifest names; what it does not name, the engine could do."""
    able = {name: bool(manifest.get(name, True)) for name in ("prefill", "whole_options", "constrained")}
    return Manner(manifest["style"], **able)
