"""The base of every declared part: frozen, unknown keys refused, text is text."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Spec"]


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
