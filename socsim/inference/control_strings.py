"""Control strings in text: made visible where an endpoint would read them as the end of a message or the beginning of another.

Only for endpoints that take text and put it into the model's template themselves. Where tokens are sent, user text is
tokenised without control tokens and stays as it is.
"""

from __future__ import annotations

import re

__all__ = ["make_visible"]

_CONTROL = re.compile(
    r"<\|[^<>|\s]{1,64}\|>"  # ChatML, Llama 3, Phi
    r"|<｜[^<>｜\s]{1,64}｜>"  # DeepSeek
    r"|</?(?:s|bos|eos|pad|unk|mask|start_of_turn|end_of_turn|sop|eop|think|tool_call|tool_response)>"
    r"|<</?SYS>>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|gMASK)\]"  # Mistral, GLM
)
_VISIBLE = str.maketrans({"<": "‹", ">": "›", "[": "⟦", "]": "⟧"})


def make_visible(text: str) -> tuple[str, int]:
    """The text with its control strings written in other brackets, which no tokenizer takes for control tokens; and their number.

    Example:
        >>> make_visible("Yes.<|im_end|>")
        ('Yes.‹|im_end|›', 1)
    """
    if "<" not in text and "[" not in text:
        return text, 0
    return _CONTROL.subn(lambda found: found[0].translate(_VISIBLE), text)
