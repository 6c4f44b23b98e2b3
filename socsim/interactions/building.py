"""The choice of an interaction from a scenario."""

from __future__ import annotations

from collections.abc import Mapping

from socsim.errors import NotYetAvailable, Problem, ScenarioError
from socsim.interactions.adoption import Adoption
from socsim.interactions.base import Interaction
from socsim.interactions.conventions import Conventions
from socsim.interactions.dyads import Dyads
from socsim.interactions.estimates import Estimates
from socsim.interactions.exposure import Exposure
from socsim.interactions.feed import Feed
from socsim.interactions.games import Games
from socsim.interactions.groups import Groups
from socsim.interactions.neighbours import Neighbours
from socsim.interactions.staged import Staged
from socsim.interactions.survey import Survey
from socsim.interactions.votes import Votes
from socsim.scenario.schedule import InteractionSpec, PhaseSpec

__all__ = ["KINDS", "interaction_class", "spec_of"]

KINDS: Mapping[str, type[Interaction]] = {
    one.kind: one
    for one in (Survey, Exposure, Staged, Neighbours, Dyads, Groups, Estimates, Conventions, Votes, Adoption, Games, Feed)
}
"""All interactions by the name that scenario files use."""


def interaction_class(phase: PhaseSpec, customs: Mapping[str, type[Interaction]]) -> type[Interaction]:
    """The class of the interaction that a phase declares.

    Args:
        phase: the phase.
        customs: the caller's own interactions by name.

    Raises:
        ScenarioError: the phase names an interaction of the caller's own, and none of this name was given.
        NotYetAvailable: the format has this interaction, this version does not.
    """
    spec = spec_of(phase)
    if spec.kind == "none":
        return Survey
    if spec.kind == "custom":
        if spec.name is None or spec.name not in customs:
            raise ScenarioError(
                Problem(
                    f"the phase {phase.phase!r} wants the interaction {spec.name!r}, which is none of socsim's own",
                    "interaction.name",
                    fix=f"Give its class: run(…, interactions={{{spec.name!r}: …}})",
                )
            )
        return customs[spec.name]
    if spec.kind not in KINDS:
        raise NotYetAvailable(f"not yet available: interaction {spec.kind!r} (phase {phase.phase!r})")
    return KINDS[spec.kind]


def spec_of(phase: PhaseSpec) -> InteractionSpec:
    """The interaction as declared; of kind ``none`` where there is none."""
    return InteractionSpec(kind="none") if phase.interaction == "none" else phase.interaction
