"""What agents remember: what is kept after a turn, and what is brought up at the next."""

from socsim.memory.remembering import Memory, cue_of
from socsim.memory.things import Thing

__all__ = ["Memory", "Thing", "cue_of"]
