"""socsim: a simulator of social interaction among language-model agents."""
