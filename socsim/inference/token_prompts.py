"""From a request to tokens: the model's own chat template around texts that cannot reach out of their places.

Template and texts are tokenised apart. Control tokens are read out of the template only, so a persona, a message or a reply
that spells ``<|im_end|>`` stays text.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Protocol

from socsim.errors import Rejected
from socsim.inference.option_tries import OptionTrie, build_trie
from socsim.inference.types import Request, Role, Segment, TokenPiece

__all__ = ["Prompt", "PromptWriter", "Tokenizer"]

_CACHED_TEXTS = 4096
_CACHED_LAYOUTS = 256
_CACHED_TRIES = 1024


class Tokenizer(Protocol):
    """What is needed of a model's tokenizer and template; see `socsim.inference.llama_server.LlamaServer`."""

    def tokenize(self, text: str, *, special: bool, begin: bool = False) -> tuple[int, ...]: ...

    def apply_template(self, messages: Sequence[dict[str, str]]) -> str: ...

    def end_token(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in tokens.

    ``kept`` is the number of pieces at the beginning that are likely to come again in other prompts (the system message);
    ``end`` the token that ends the reply.
    """

    pieces: tuple[TokenPiece, ...]
    kept: int
    end: int | None

    @property
    def ids(self) -> list[int]:
        """All tokens."""
        return [token for piece in self.pieces for token in piece.ids]

    @property
    def boundaries(self) -> tuple[int, ...]:
        """Number of tokens up to the end of each piece."""
        total, ends = 0, []
        for piece in self.pieces:
            total += len(piece.ids)
            ends.append(total)
        return tuple(ends)


class PromptWriter:
    """Writes requests as tokens of one model.

    Args:
        tokenizer: the model's tokenizer and template.
        chat: whether the model has a chat template.
    """

    def __init__(self, tokenizer: Tokenizer, *, chat: bool) -> None:
        self._tokenizer = tokenizer
        self.chat = chat
        self.tokens_of = lru_cache(_CACHED_TEXTS)(self._tokens_of)
        self._layout = lru_cache(_CACHED_LAYOUTS)(self._new_layout)
        self._template_piece = lru_cache(_CACHED_LAYOUTS)(self._new_template_piece)
        self._trie = lru_cache(_CACHED_TRIES)(build_trie)

    def write_with_options(self, request: Request) -> tuple[Prompt, OptionTrie | None]:
        """The prompt of a request, and its candidates as token paths; None for a text.

        Raises:
            Rejected: as for `write`; or the prompt is empty, or a candidate has no tokens of its own behind it.
        """
        if not any(segment.text for segment in request.segments):
            raise Rejected("the prompt is empty")
        prompt = self.write(request)
        if request.kind == "text":
            return prompt, None
        shape = Request("score", (), candidates=request.candidates, terminators=request.terminators)
        try:
            trie = self._trie(shape, prompt.pieces[-1], prompt.end, self.tokens_of)
        except ValueError as error:
            raise Rejected(str(error)) from error
        if trie.taken_back >= len(prompt.ids):
            raise Rejected("the tokenizer joins the whole prompt with an option, so that nothing is left to begin with")
        return prompt, trie

    def write(self, request: Request) -> Prompt:
        """The prompt of a request.

        Raises:
            Rejected: the request wants a chat template that the model lacks, or its template does not take these messages.
        """
        if request.style == "plain":
            texts = self._texts(request.segments)
            return Prompt((*self._first, *texts), min(1, len(texts)) + len(self._first), self._end_of_text)
        if not self.chat:
            raise Rejected("the model has no chat template")
        return self._chat_prompt(request.segments)

    def _chat_prompt(self, segments: Sequence[Segment]) -> Prompt:
        turns = [(role, tuple(group)) for role, group in groupby(segments, key=lambda segment: segment.role)]
        begun = turns.pop()[1] if turns and turns[-1][0] == "assistant" else ()
        roles = tuple(role for role, _ in turns)
        around = self._layout(roles)
        pieces: list[TokenPiece] = list(self._first_of(around[0]))
        kept = 0
        for number, (role, texts) in enumerate(turns):
            pieces += [*self._template_pieces(around[number]), *self._texts(texts)]
            kept = len(pieces) if role == "system" else kept
        pieces += [*self._template_pieces(around[-1]), *self._texts(begun)]
        return Prompt(tuple(pieces), kept, self._end_of_turn)

    def _texts(self, segments: Sequence[Segment]) -> list[TokenPiece]:
        """Texts of one message. Tokenised apart where the tokenizer allows, so that equal beginnings stay equal tokens."""
        texts = [segment.text for segment in segments] if self._splits else ["".join(segment.text for segment in segments)]
        return _with_tokens(TokenPiece(text, self.tokens_of(text)) for text in texts)

    def _tokens_of(self, text: str) -> tuple[int, ...]:
        return self._tokenizer.tokenize(text, special=False)

    def _template_pieces(self, text: str) -> list[TokenPiece]:
        return _with_tokens([self._template_piece(text)])

    def _new_template_piece(self, text: str) -> TokenPiece:
        return TokenPiece(text, self._tokenizer.tokenize(text, special=True), template=True)

    def _new_layout(self, roles: tuple[Role, ...]) -> tuple[str, ...]:
        """The template's text before, between and behind messages of these roles."""
        marks = [f"mark-{secrets.token_hex(8)}" for _ in roles]
        messages = [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)]
        rest, parts = self._tokenizer.apply_template(messages), []
        for mark in marks:
            before, found, rest = rest.partition(mark)
            if not found:
                raise Rejected(f"the model's chat template does not take messages in the order {', '.join(roles)}")
            parts.append(before)
        parts.append(rest)
        if any(mark in part for mark in marks for part in parts):
            raise Rejected("the model's chat template writes a message twice")
        return tuple(parts)

    @cached_property
    def _first(self) -> tuple[TokenPiece, ...]:
        """What begins every text, where the model has such a token."""
        bare = self._tokenizer.tokenize("a", special=False)
        begun = self._tokenizer.tokenize("a", special=False, begin=True)
        ids = begun[: begun.index(bare[0])] if bare and bare[0] in begun else ()
        return (TokenPiece("", ids, template=True),) if ids else ()

    def _first_of(self, template: str) -> tuple[TokenPiece, ...]:
        """`_first`, unless the template writes it itself."""
        own = self._template_piece(template).ids
        return () if self._first and own[: len(self._first[0].ids)] == self._first[0].ids else self._first

    @cached_property
    def _splits(self) -> bool:
        """Whether tokens of a text do not depend on what stands before it (some tokenizers put a blank in front)."""
        return self.tokens_of("A\nA") == (*self.tokens_of("A\n"), *self.tokens_of("A"))

    @cached_property
    def _end_of_text(self) -> int | None:
        return self._tokenizer.end_token()

    @cached_property
    def _end_of_turn(self) -> int | None:
        """The token with which the template ends what the assistant says; where that cannot be seen, the one that ends a text."""
        roles: tuple[Role, ...] = ("user", "assistant", "user")
        try:
            after = self._layout(roles)[2]
        except Rejected:
            return self._end_of_text
        ids = self._template_piece(after).ids
        return ids[0] if ids else self._end_of_text


def _with_tokens(pieces: Iterable[TokenPiece]) -> list[TokenPiece]:
    return [piece for piece in pieces if piece.ids]
