"""Options and templates of interactions that have any, by kind: each in a module named ``options_…``."""

from __future__ import annotations

from collections.abc import Mapping

from socsim.scenario.base import Spec
from socsim.scenario.schedule import InteractionSpec

__all__ = ["MEETINGS", "OPTIONS", "WORDING", "options_of"]

MEETINGS: Mapping[str, tuple[str, ...]] = {}
"""Activations that an interaction goes with; kinds that are not here go with every one."""

WORDING: Mapping[str, Mapping[str, str]] = {}
"""The templates of each kind by name: what its people are shown and asked, where the scenario gives no wording of its own."""

OPTIONS: Mapping[str, type[Spec]] = {}
"""The class of the options of each kind; kinds that are not here have none, but for ``custom``, which checks its own."""


def options_of(spec: InteractionSpec) -> Spec | None:
    """The options of an interaction, checked; None for kinds without any.

    Raises:
        pydantic.ValidationError: they are not as the kind wants them.
    """
    known = OPTIONS.get(spec.kind)
    return None if known is None else known.model_validate(spec.options)
