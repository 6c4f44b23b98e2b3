"""The base of every declared part: frozen, unknown keys refused, text is text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Discriminator, model_validator

__all__ = ["BY_KIND", "Spec", "kind_of"]


def kind_of(value: Any) -> str:
    """The kind of a declared value: ``text``, ``number``, ``truth value``, ``nothing``, ``list`` or ``mapping``."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "list"
    return "mapping" if isinstance(value, Mapping | BaseModel) else type(value).__name__


BY_KIND = Discriminator(lambda value: f"<{kind_of(value)}>")
"""Chooses a branch of a union by the kind of the value, so that a mistake gives one error and not one per
branch. Tags stand in angle brackets, which sets them apart from field names in the location of an error."""


def _lists_to_tuples(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_lists_to_tuples(part) for part in value)
    if isinstance(value, dict):
        return {key: _lists_to_tuples(part) for key, part in value.items()}
    return value


class Spec(BaseModel):
    """A declared part of a scenario. Immutable; a number is never read as text, nor text as a number."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True, validate_default=True, populate_by_name=True
    )

    @model_validator(mode="before")
    @classmethod
    def _sequences(cls, value: Any) -> Any:
        """A YAML list is an immutable sequence here."""
        return _lists_to_tuples(value) if isinstance(value, dict) else value
