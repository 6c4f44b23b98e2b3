"""A Hugging Face tokenizer as prompts are written with it: user text without control tokens, template pieces with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from socsim.errors import ModelFileError, Rejected

__all__ = ["HfTokenizer", "load_hf_tokenizer"]


class HfTokenizer:
    """A `socsim.inference.token_prompts.Tokenizer`. Used from one thread at a time: the library keeps a switch in it."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @property
    def has_template(self) -> bool:
        """Whether the model is chat-tuned."""
        return bool(getattr(self._tokenizer, "chat_template", None))

    def tokenize(self, text: str, *, special: bool, begin: bool = False) -> tuple[int, ...]:
        """Token ids; control strings are read as control tokens only where ``special``."""
        if not text and not begin:
            return ()
        found = self._tokenizer(text, add_special_tokens=begin, split_special_tokens=not special)
        return tuple(int(one) for one in found["input_ids"])

    def apply_template(self, messages: Sequence[dict[str, str]]) -> str:
        """The text of a conversation up to where the assistant's reply begins.

        Raises:
            Rejected: the template does not take these messages.
        """
        try:
            text: str = self._tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
        except Exception as error:
            raise Rejected(f"the model's chat template does not take these messages: {error}") from error
        return text

    def end_token(self) -> int | None:
        """The token that ends a text; None where the model has none."""
        found = self._tokenizer.eos_token_id
        return None if found is None else int(found)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of generated tokens, without control tokens."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def load_hf_tokenizer(model: str, folder: Path | None) -> HfTokenizer:
    """The tokenizer of a model by its name on the hub or its folder.

    Raises:
        ModelFileError: it is not here and cannot be had.
    """
    from transformers import AutoTokenizer

    place = local_or_name(model, folder)
    try:
        return HfTokenizer(AutoTokenizer.from_pretrained(place))
    except (OSError, ValueError) as error:
        raise ModelFileError(missing_model(model, error)) from error


def local_or_name(model: str, folder: Path | None) -> str:
    """A folder beside the scenario where there is one of this name, else the name itself."""
    beside = (folder or Path()) / model
    return str(beside) if beside.is_dir() else model


def missing_model(model: str, error: Exception) -> str:
    """What to say where a model cannot be loaded."""
    first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return f"the model {model!r} cannot be loaded: {first}. Name a model on the Hugging Face hub, or a folder that holds one"
