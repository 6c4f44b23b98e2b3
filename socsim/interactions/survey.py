"""No interaction: everybody answers for itself and sees nothing of anybody."""

from __future__ import annotations

from socsim.interactions.base import Interaction

__all__ = ["Survey"]


class Survey(Interaction):
    """See `socsim.interactions.survey`."""

    kind = "survey"
    reach = 0
