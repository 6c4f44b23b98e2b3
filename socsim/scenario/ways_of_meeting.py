"""Options and templates of interactions that have any, by kind: each in a module named ``options_…``."""

from __future__ import annotations

from collections.abc import Mapping

from socsim.scenario.base import Spec
from socsim.scenario.options_adoption import WORDING_ADOPTION, AdoptionOptions
from socsim.scenario.options_conventions import WORDING_CONVENTIONS, ConventionsOptions
from socsim.scenario.options_estimates import WORDING_ESTIMATES, EstimatesOptions
from socsim.scenario.options_feed import WORDING_FEED, FeedOptions
from socsim.scenario.options_games import WORDING_GAMES, GamesOptions
from socsim.scenario.options_groups import WORDING_DYADS, WORDING_GROUPS, DyadsOptions, GroupsOptions
from socsim.scenario.options_staged import WORDING_STAGED, StagedOptions
from socsim.scenario.options_survey import WORDING_EXPOSURE, WORDING_SURVEY, SurveyOptions
from socsim.scenario.options_votes import WORDING_VOTES, VotesOptions
from socsim.scenario.schedule import InteractionSpec

__all__ = ["MEETINGS", "OPTIONS", "WORDING", "options_of"]

_ONE_BY_ONE = ("simultaneous", "random_sequential", "poisson", "hourly", "schedule", "events")

MEETINGS: Mapping[str, tuple[str, ...]] = {
    "exposure": _ONE_BY_ONE,
    "staged": _ONE_BY_ONE,
    "dyads": ("dyad", "dyads"),
    "groups": ("groups", "dyad", "dyads"),
    "estimates": _ONE_BY_ONE,
    "conventions": ("dyad", "dyads"),
    "adoption": _ONE_BY_ONE,
    "feed": tuple(kind for kind in _ONE_BY_ONE if kind != "events"),
    "games": ("dyad", "dyads", "groups", "simultaneous"),
    "votes": tuple(kind for kind in _ONE_BY_ONE if kind != "events"),
}
"""Activations that an interaction goes with; kinds that are not here go with every one."""

WORDING: Mapping[str, Mapping[str, str]] = {
    "exposure": WORDING_EXPOSURE,
    "survey": WORDING_SURVEY,
    "staged": WORDING_STAGED,
    "dyads": WORDING_DYADS,
    "groups": WORDING_GROUPS,
    "estimates": WORDING_ESTIMATES,
    "conventions": WORDING_CONVENTIONS,
    "votes": WORDING_VOTES,
    "adoption": WORDING_ADOPTION,
    "feed": WORDING_FEED,
    "games": WORDING_GAMES,
}
"""The templates of each kind by name: what its people are shown and asked, where the scenario gives no wording of its own."""

OPTIONS: Mapping[str, type[Spec]] = {
    "survey": SurveyOptions,
    "exposure": SurveyOptions,
    "staged": StagedOptions,
    "dyads": DyadsOptions,
    "groups": GroupsOptions,
    "estimates": EstimatesOptions,
    "conventions": ConventionsOptions,
    "votes": VotesOptions,
    "adoption": AdoptionOptions,
    "feed": FeedOptions,
    "games": GamesOptions,
}
"""The class of the options of each kind; kinds that are not here have none, but for ``custom``, which checks its own."""


def options_of(spec: InteractionSpec) -> Spec | None:
    """The options of an interaction, checked; None for kinds without any.

    Raises:
        pydantic.ValidationError: they are not as the kind wants them.
    """
    known = OPTIONS.get(spec.kind)
    return None if known is None else known.model_validate(spec.options)
