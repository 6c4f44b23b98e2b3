"""The rows beside a verdict that keep one honest: people drawn anew, chance, controls, classical models, the single agent."""

from socsim_analysis.reference_rows.making import Sources, reference_rows
from socsim_analysis.reference_rows.values import NotComparable, Row, between_arms, values_of, weighed

__all__ = ["NotComparable", "Row", "Sources", "between_arms", "reference_rows", "values_of", "weighed"]
