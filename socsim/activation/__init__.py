"""Who acts when: the schedule unrolled into steps, and every step into meetings and turns."""

from socsim.activation.steps import PlannedStep, plan_steps
from socsim.activation.turns import Meeting, Part, Turn, lay_out_turns

__all__ = ["Meeting", "Part", "PlannedStep", "Turn", "lay_out_turns", "plan_steps"]
