"""Ways in which agents meet: one file each, all answering the same questions: who acts, what is read, what is shown."""

from socsim.interactions.base import Interaction, Setup, Shown
from socsim.interactions.building import KINDS, interaction_class, spec_of

__all__ = ["KINDS", "Interaction", "Setup", "Shown", "interaction_class", "spec_of"]
