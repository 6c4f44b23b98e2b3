"""Words for codes: label sets shipped with known data, and the matching of codes however they are written."""

from __future__ import annotations

import math
from collections.abc import Mapping

from socsim.population.persona import Value

__all__ = ["LABEL_SETS", "code_key"]

_IDEOLOGY = {
    "1": "Extremely liberal",
    "2": "Liberal",
    "3": "Slightly liberal",
    "4": "Moderate",
    "5": "Slightly conservative",
    "6": "Conservative",
    "7": "Extremely Conservative",
}

LABEL_SETS: Mapping[str, Mapping[str, str]] = {
    "anes96.pid": {
        "0": "Strong Democrat",
        "1": "Weak Democrat",
        "2": "Independent-Democrat",
        "3": "Independent-Independent",
        "4": "Independent-Republican",
        "5": "Weak Republican",
        "6": "Strong Republican",
    },
    "anes96.educ": {
        "1": "1-8 grades",
        "2": "Some high school",
        "3": "High school graduate",
        "4": "Some college",
        "5": "College degree",
        "6": "Master's degree",
        "7": "PhD",
    },
    "anes96.income": {
        "1": "None or less than $2,999",
        "2": "$3,000-$4,999",
        "3": "$5,000-$6,999",
        "4": "$7,000-$8,999",
        "5": "$9,000-$9,999",
        "6": "$10,000-$10,999",
        "7": "$11,000-$11,999",
        "8": "$12,000-$12,999",
        "9": "$13,000-$13,999",
        "10": "$14,000-$14.999",
        "11": "$15,000-$16,999",
        "12": "$17,000-$19,999",
        "13": "$20,000-$21,999",
        "14": "$22,000-$24,999",
        "15": "$25,000-$29,999",
        "16": "$30,000-$34,999",
        "17": "$35,000-$39,999",
        "18": "$40,000-$44,999",
        "19": "$45,000-$49,999",
        "20": "$50,000-$59,999",
        "21": "$60,000-$74,999",
        "22": "$75,000-89,999",
        "23": "$90,000-$104,999",
        "24": "$105,000 and over",
    },
    "anes96.vote": {"0": "Clinton", "1": "Dole"},
    "anes96.selflr": _IDEOLOGY,
    "anes96.clinlr": _IDEOLOGY,
    "anes96.dolelr": _IDEOLOGY,
}
"""Labels by set and code, letter for letter as in ``statsmodels.datasets.anes96.NOTE``, its misprints included."""


def code_key(value: Value) -> str:
    """The code as it is matched: ``0``, ``0.0``, ``"0"`` and ``"0.0"`` are one code, as are None and the empty text.

    Example:
        >>> code_key("3.0"), code_key(3), code_key(" yes ")
        ('3', '3', 'yes')
    """
    if value is None:
        return ""
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number) or not number.is_integer():
        return text
    return str(int(number))
