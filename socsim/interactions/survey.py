"""No interaction: everybody answers for itself and sees nothing of anybody.

Items are asked in the order of the phase, or in one drawn for every person (``order: random``). Each is asked by itself, unless
``carry_over``: then the person's answers to earlier items of the phase stand in front of later ones, as on one questionnaire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socsim.interactions.base import Interaction
from socsim.items import Response
from socsim.observation import Observation
from socsim.scenario.options_survey import SurveyOptions
from socsim.seeding import stream

if TYPE_CHECKING:
    from socsim.agent import SocialAgent

__all__ = ["Survey"]


class Survey(Interaction):
    """See `socsim.interactions.survey`."""

    kind = "survey"
    reach = 0

    async def act(self, agent: SocialAgent, observation: Observation) -> None:
        """Answer the battery, then write a message if one is wanted."""
        options = self.setup.options if isinstance(self.setup.options, SurveyOptions) else SurveyOptions()
        asks = list(observation.asks)
        if options.order == "random":
            drawn = stream(self.setup.setting.seed, "battery", observation.phase, observation.agent)
            asks = [asks[index] for index in drawn.permutation(len(asks))]
        for item in asks:
            answer = await agent.ask(item)
            if options.carry_over and isinstance(answer, Response):
                agent.event.carry_over(item, answer.option)
        if observation.say is not None:
            await agent.say()
