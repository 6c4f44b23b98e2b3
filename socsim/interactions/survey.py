"""No interaction: everybody answers for itself and sees nothing of anybody.

Who sees what, when: at its turn a person is asked the items of the phase, in the order of the phase or in one drawn for every
person (``order: random``; the order is kept in the table of trials as ``survey.order``). Each item is asked by itself, unless
``carry_over``: then the questions and the person's drawn answers to earlier items of the phase stand in front of later ones, as
on one questionnaire. What failed is not carried over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socsim.interactions.base import Interaction
from socsim.items import Response
from socsim.observation import Observation
from socsim.prompts import one_line
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
            agent.event.note("survey.order", ", ".join(asks))
        for item in asks:
            answer = await agent.ask(item)
            if options.carry_over and isinstance(answer, Response):
                question = one_line(agent.event.wording.items[item].text)
                agent.event.carry_over(self.words("earlier", item=question, option=one_line(answer.option)))
        if observation.say is not None:
            await agent.say()
