"""What a leakage probe asks about, as values: by which titles and description a study is to be recognised."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PROBE_FACT", "Choice"]

PROBE_FACT = "probe"
"""Entry of a probe's manifest that says what was shown, and of which findings."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Titles among which a study is to be recognised, the right one first; the findings it stands for; its design in words."""

    findings: tuple[str, ...]
    titles: tuple[str, ...]
    design: str
