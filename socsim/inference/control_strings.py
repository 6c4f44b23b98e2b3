"""Control strings in text: made visible where an endpoint would read them as the end of a message or the beginning of another.

Only for endpoints that take text and put it into the model's template themselves. Where tokens are sent, user text is
tokenised without control tokens and stays as it is.
"""

from __future__ import annotations

import re

__all__ = ["make_visible"]

_WORDS = "s|bos|eos|pad|unk|mask|sop|eop|think|fim_(?:prefix|middle|suffix|pad)|image_soft_token"
_CONTROL = re.compile(
    r"<\|[^<>|\s]{1,64}\|?>|<[^<>|\s]{1,64}\|>"  # ChatML, Llama 3 and 4, Phi, Cohere; one-sided: Gemma 4
    r"|<｜[^<>｜\s]{1,64}｜>"  # DeepSeek, Hunyuan
    rf"|</?(?:{_WORDS}|(?:start|end)_of_(?:turn|image)|tool_(?:call|response)s?|seed:[a-z_]{{1,32}})>"  # Llama 2, Gemma, Qwen
    r"|<(?:unused|extra_id_|reserved_|SPECIAL_)\d{1,4}>|<[A-Z]{1,12}_TOKEN>"
    r"|<</?SYS>>"
    r"|\[/?(?:INST|THINK|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|ARGS|CALL_ID|IMG|IMG_BREAK|IMG_END"
    r"|PREFIX|MIDDLE|SUFFIX|gMASK)\]"  # Mistral, GLM
    r"|\[\|[^\[\]|\s]{1,64}\|\]"  # EXAONE
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
    total = 0
    while True:  # what stands around a control string may be one when that is visible; each round leaves fewer brackets
        text, count = _CONTROL.subn(lambda found: found[0].translate(_VISIBLE), text)
        if count == 0:
            return text, total
        total += count
