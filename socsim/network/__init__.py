"""Ties between people: graphs, who stands on which node, shuffles, and the arrays read while a world runs."""
