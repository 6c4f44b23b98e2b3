"""A model's own tokenizer, for servers that take token ids: user text without control tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from socsim.errors import Problem, ScenarioError
from socsim.inference.hf_vocabulary import token_bytes

__all__ = ["TextTokens", "load_tokenizer"]


class TextTokens:
    """Text to token ids, with no control token read out of it.

    Args:
        tokenizer: a `tokenizers.Tokenizer`; it is changed.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.beginning: tuple[int, ...] = tuple(tokenizer.encode("", add_special_tokens=True).ids)
        """What the model's prompts begin with."""
        tokenizer.encode_special_tokens = True  # control strings in the text are text
        self._tokenizer = tokenizer

    def of(self, text: str) -> tuple[int, ...]:
        """Tokens of a text alone."""
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def prompt(self, text: str) -> list[int]:
        """Tokens of a text as a prompt."""
        return [*self.beginning, *self.of(text)]

    @cached_property
    def bytes_by_token(self) -> Mapping[int, bytes]:
        """The bytes of every token; nothing for control tokens."""
        return token_bytes(_Vocabulary(self._tokenizer))


class _Vocabulary:
    """What `token_bytes` asks of a tokenizer, answered by the package `tokenizers`."""

    def __init__(self, tokenizer: Any) -> None:
        self.get_vocab = tokenizer.get_vocab
        self.all_special_ids = [number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special]


def load_tokenizer(path: Path) -> TextTokens:
    """The tokenizer in a file.

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
        return TextTokens(Tokenizer.from_file(str(path)))
    except Exception as error:
        raise ScenarioError(
            Problem(f"{path} cannot be read: {error}", "inference.endpoint.tokenizer", fix="Name the model's tokenizer.json")
        ) from error
