"""Ways in which agents meet: one file each, all answering one question, "what does this agent see now?"."""

from socsim.interactions.neighbours import Neighbours
from socsim.interactions.seeing import Interaction, WorldView, build_interaction

__all__ = ["Interaction", "Neighbours", "WorldView", "build_interaction"]
