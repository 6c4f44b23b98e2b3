"""Scenario files: the declared study, its loader and its checks."""

from socsim.scenario.root import Scenario

__all__ = ["Scenario"]
