"""Text that may be printed on a terminal."""

from __future__ import annotations

import re

__all__ = ["visible"]

# C0 and C1 controls except tab and line feed, direction overrides, line separators, surrogates.
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def visible(text: str) -> str:
    """``text`` with control characters written as escapes, so that it cannot steer a terminal.

    Tabs and line feeds stay.

    Example:
        >>> visible("a\\x1b[31mb")
        'a\\\\x1b[31mb'
    """
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
