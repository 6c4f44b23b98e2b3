"""Words that give a study away to a model that is to act in it: names of the study, and what it expects.

They stand in ``words.yaml``, one list for each family of designs; findings about people name theirs. Where a prompt holds an
outcome word, answers may follow the word, as people's do (demand characteristics; Orne 1962, *Am. Psychol.* 17(11), 776–783). The
lists are judgements, in English; a prompt without any of these words may still tell what is expected.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML

__all__ = ["WordList", "read_word_lists", "word_lists"]


class WordList(BaseModel):
    """The words of one family of designs, each in its plain form; see `socsim.word_search` for what counts as the same word."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    outcome: tuple[str, ...] = Field(min_length=1, strict=False)
    """What the study expects, in words: "conformity", "peer pressure"."""
    recognition: tuple[str, ...] = Field(min_length=1, strict=False)
    """Authors and names of the study: "Asch", "line experiment"."""

    @model_validator(mode="after")
    def _once(self) -> WordList:
        every = [word.casefold() for word in (*self.outcome, *self.recognition)]
        twice = sorted({word for word in every if every.count(word) > 1})
        if twice:
            raise ValueError(f"a word stands twice: {', '.join(twice)}")
        if not all(word == word.strip() and len(word) > 1 for word in every):
            raise ValueError("a word has two letters or more, and no blanks around it")
        return self

    @property
    def every(self) -> tuple[str, ...]:
        """All of them, outcome words first."""
        return self.outcome + self.recognition


@cache
def word_lists() -> dict[str, WordList]:
    """All lists by the name of their family.

    Raises:
        ValueError: the file is damaged.
    """
    return read_word_lists(resources.files("socsim_analysis.findings").joinpath("words.yaml").read_text(encoding="utf-8"))


def read_word_lists(text: str) -> dict[str, WordList]:
    """Lists from the text of their file.

    Raises:
        ValueError: one is not valid; names family and field.
    """
    found = {}
    for name, content in YAML(typ="safe", pure=True).load(text).items():
        try:
            found[str(name)] = WordList.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, (name, *first["loc"])))
            raise ValueError(f"words.yaml: {place}: {first['msg']}") from error
    return found
