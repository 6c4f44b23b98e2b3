"""What an event saw and did as content, so that two events can be told apart by a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

import orjson

from socsim.items import ItemFailure, Reading, Response
from socsim.scenario.schedule import SaySpec

__all__ = ["answer_content", "content_hash", "spec_content"]


@lru_cache(maxsize=256)
def spec_content(spec: SaySpec) -> dict[str, Any]:
    """A message is observed as it was before people could keep silent, where they cannot."""
    return spec.model_dump(exclude={"silence"} if spec.silence is None else None)


def answer_content(answer: Response | ItemFailure) -> Mapping[str, Any] | ItemFailure:
    """What an answer says. Words on how it was had follow from the calls, and may be worded anew; texts are left out where
    there are none."""
    if isinstance(answer, ItemFailure):
        return answer
    content = {name: getattr(answer, name) for name in _ANSWER_FIELDS}
    content["readings"] = [{name: getattr(one, name) for name in _READING_FIELDS} for one in answer.readings]
    return content | {"texts": answer.texts} if answer.texts else content


_ANSWER_FIELDS = tuple(one.name for one in fields(Response) if one.name != "texts")
_READING_FIELDS = tuple(one.name for one in fields(Reading) if one.name not in ("how", "repaired"))


def content_hash(value: object, default: object = None) -> str:
    """Hash of a value's content, the same for equal content; ``default`` as in `orjson.dumps`."""
    content = orjson.dumps(value, default=default)  # type: ignore[arg-type]
    return hashlib.blake2b(content, digest_size=16).hexdigest()
