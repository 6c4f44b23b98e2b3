"""People: where they come from, how they are drawn, and how a persona is put into words."""
