"""A model's own tokenizer, for servers that take token ids: user text without control tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from socsim.errors import Problem, ScenarioError

__all__ = ["load_tokenizer"]


def load_tokenizer(path: Path) -> Callable[[str], list[int]]:
    """A function from text to token ids: what a model's prompts begin with, then the text, with no control token read out of it.

    Args:
        path: a ``tokenizer.json``.

    Raises:
        ScenarioError: the file cannot be read, or the package `tokenizers` is not here.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ScenarioError(
            Problem("the package tokenizers is not installed", "inference.endpoint.tokenizer", fix="pip install tokenizers")
        ) from error
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise ScenarioError(
            Problem(f"{path} cannot be read: {error}", "inference.endpoint.tokenizer", fix="Name the model's tokenizer.json")
        ) from error
    beginning = list(tokenizer.encode("", add_special_tokens=True).ids)
    tokenizer.encode_special_tokens = True  # control strings in the text are text

    def tokenize(text: str) -> list[int]:
        return [*beginning, *tokenizer.encode(text, add_special_tokens=False).ids]

    return tokenize
