"""Options of interactions that have any, by kind: one class each, in a module named ``options_…``."""

from __future__ import annotations

from collections.abc import Mapping

from socsim.scenario.base import Spec
from socsim.scenario.schedule import InteractionSpec

__all__ = ["OPTIONS", "options_of"]

OPTIONS: Mapping[str, type[Spec]] = {}
"""The class of the options of each kind; kinds that are not here have none."""


def options_of(spec: InteractionSpec) -> Spec | None:
    """The options of an interaction, checked; None for kinds without any.

    Raises:
        pydantic.ValidationError: they are not as the kind wants them.
    """
    known = OPTIONS.get(spec.kind)
    return None if known is None else known.model_validate(spec.options)
