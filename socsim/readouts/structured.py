"""Replies in the form of a class: any pydantic model becomes a JSON schema, and a reply an instance of it or a failure.

The engine is held to the schema where it can be; the reply is validated in any case. It knows nothing of items.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from socsim.inference.manner import Manner
from socsim.inference.types import Completion, Segment
from socsim.items import ItemFailure, ParseFailure
from socsim.prompts import PromptBook, fill
from socsim.readouts.asking import Calls, Context, ReadoutPolicy, head, text_request
from socsim.readouts.drawing import Draw, Drawn, draw_all
from socsim.readouts.stated import Pairs, parse_json

__all__ = ["NOT_HELD", "canonical_schema", "parse_as", "read_as", "schema_of"]

M = TypeVar("M", bound=BaseModel)
_MOST_ERRORS = 5

NOT_HELD = "the engine refused the schema, so the form was only asked for"


def canonical_schema(schema: Mapping[str, Any]) -> str:
    """A JSON schema as text: equal for equal schemas. Properties keep their order, in which a reply is written."""
    return json.dumps(schema, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@lru_cache(maxsize=256)
def schema_of(model: type[BaseModel]) -> str:
    """The JSON schema of a pydantic model, as text."""
    return canonical_schema(model.model_json_schema())


def parse_as(model: type[M], text: str) -> M | ParseFailure:
    """The reply as an instance of a pydantic model.

    The whole reply must be one JSON value, or hold it as its one fenced block; names stand once, and values are of the declared
    types as they are (``"5"`` is no number).

    Example:
        >>> class Plan(BaseModel):
        ...     hours: int
        >>> parse_as(Plan, '{"hours": 3}')
        Plan(hours=3)
        >>> parse_as(Plan, '{"hours": "3"}').detail
        'hours: Input should be a valid integer'
    """
    value = parse_json(text)
    if isinstance(value, ParseFailure):
        return value
    try:
        return model.model_validate_json(json.dumps(_plain(value), allow_nan=False), strict=True)
    except ValidationError as error:
        return ParseFailure("malformed", text, _problems(error))
    except (ValueError, RecursionError) as error:
        return ParseFailure("malformed", text, str(error) or type(error).__name__)


def _plain(value: Any) -> Any:
    """JSON as dictionaries.

    Raises:
        ValueError: a name stands twice in one object.
    """
    if isinstance(value, Pairs):
        names = [name for name, _ in value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} stands twice in one object")
        return {name: _plain(part) for name, part in value}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _problems(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [": ".join(part for part in (".".join(map(str, one["loc"])), one["msg"]) if part) for one in found]
    more = [f"and {len(problems) - _MOST_ERRORS} more"] if len(problems) > _MOST_ERRORS else []
    return "; ".join(problems[:_MOST_ERRORS] + more)


async def read_as(
    model: type[M],
    request: str,
    context: Context,
    calls: Calls,
    book: PromptBook,
    policy: ReadoutPolicy,
    manner: Manner,
    *,
    name: str,
    max_tokens: int,
) -> tuple[M, tuple[str, ...], int] | ItemFailure:
    """Ask for a reply in the form of a pydantic model. Where the engine refuses the schema, the form is only asked for.

    Args:
        model: the class of the reply.
        request: what is asked, in words; data, whose braces mean nothing.
        context: persona, memory and what was seen, as text.
        calls: makes and records the calls.
        book: the wording in force.
        policy: model, sampling, retries, repairs.
        manner: how the engine is asked.
        name: what a failure is called.
        max_tokens: longest reply.

    Returns:
        The reply, words on how it was had if there are any, and how many replies were repaired (0 or 1); or every failure on
        the way, each with the reply as it was.
    """
    schema = schema_of(model)
    asked = fill(book.ask_as, {"request": request, "schema": schema})
    segments = (*head(book, context, manner.style), Segment("user", asked))
    call = text_request(segments, manner.style, policy, max_tokens, constraint=schema if manner.constrained else "")
    how: tuple[str, ...] = ()
    drawn = await draw_all([Draw(policy.path, call, partial(_read, model))], calls, book, policy)
    if manner.constrained and isinstance(drawn, tuple) and _schema_refused(drawn):
        how = (NOT_HELD,)
        free = Draw(f"{policy.path}/not held", replace(call, constraint=""), partial(_read, model))
        drawn = await draw_all([free], calls, book, policy)
    if isinstance(drawn, tuple):
        return ItemFailure(name, "structured", drawn)
    one: Drawn[M] = drawn[0]
    return one.value, how, int(one.repaired)


def _schema_refused(failures: tuple[ParseFailure, ...]) -> bool:
    """Whether the first call was refused: engines refuse schemas with keywords that they do not know, validation knows all."""
    return len(failures) == 1 and failures[0].reason == "call_failed" and failures[0].detail.startswith("rejected:")


def _read(model: type[M], reply: Completion) -> M | ParseFailure:
    if reply.finish_reason == "length":
        return ParseFailure("cut_off", reply.text, "the reply was longer than allowed")
    return parse_as(model, reply.text)
