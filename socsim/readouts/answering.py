"""The one type that all readouts of closed items return, from a distribution and what was drawn of it."""

from __future__ import annotations

from socsim.items import Reading, Response, entropy, expected_value
from socsim.readouts.plans import PreparedItem

__all__ = ["closed_response"]


def closed_response(
    item: PreparedItem,
    probabilities: tuple[float, ...],
    choice: int,
    mass: float,
    u: float | None,
    readings: tuple[Reading, ...],
) -> Response:
    """The answer to a closed item.

    Args:
        item: the item.
        probabilities: over its options in scale order, then its non-answers.
        choice: the option that was drawn.
        mass: probability on all of them together before they were normalised.
        u: the number that made the draw; None where the model drew itself.
        readings: what the probabilities are the mean of.
    """
    answered = choice < len(item.spec.options)
    values = item.values
    return Response(
        item=item.name,
        method=item.spec.readout.method,
        probabilities=probabilities,
        choice=choice,
        option=item.options[choice],
        value=values[choice] if values is not None and answered else None,
        expected=expected_value(probabilities, values) if values is not None else None,
        entropy=entropy(probabilities),
        answered=answered,
        mass=mass,
        u=u,
        readings=readings,
    )
