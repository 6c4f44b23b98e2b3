"""What a confederate answers: the option or number that its script names, without a call."""

from __future__ import annotations

from dataclasses import replace

from socsim.happenings import Script
from socsim.items import Response
from socsim.readouts import PreparedItem, closed_response

__all__ = ["scripted_answer"]


def scripted_answer(item: PreparedItem, script: Script | None) -> Response | None:
    """The answer to an item; None where the script has none to it.

    A choice of an interaction is answered only if the script's words are among its options.
    """
    wanted = script.answers.get(item.name) if script is not None else None
    if wanted is None:
        return None
    if item.options:
        if wanted not in item.options:
            return None
        choice = item.options.index(str(wanted))
        certain = tuple(float(index == choice) for index in range(len(item.options)))
        return replace(closed_response(item, certain, choice, 1.0, None, ()), method="scripted")
    value = float(wanted) if isinstance(wanted, int | float) else None
    text = f"{wanted:g}" if isinstance(wanted, float) else str(wanted)
    texts = (text,) if value is None else ()
    return Response(item.name, "scripted", (), None, text, value, value, None, True, 1.0, None, (), texts)
