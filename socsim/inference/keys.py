"""Keys of endpoints: found by the name of a variable, sent nowhere but to their endpoint, shown nowhere.

A key stands in the environment or in a file of the user's that the scenario names. It is never part of a scenario, a
record, a message or the text of an object.
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from socsim.errors import Problem, ScenarioError

__all__ = ["Key", "find_key", "may_carry_key", "redact"]

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*\Z")
_PART = 8
"""Characters of a key that are no longer shown."""
_SECRET = 16
"""Length from which a key can be a secret."""
_HIDDEN = "[key]"


class Key:
    """A secret that does not show itself; ``reveal`` gives it to who sends it."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return f"Key({_HIDDEN})"

    def __bool__(self) -> bool:
        return bool(self._secret)

    def __reduce__(self) -> str:
        raise TypeError("a key is not written anywhere")

    def reveal(self) -> str:
        """The key itself."""
        return self._secret

    def hide(self, text: str) -> str:
        """A message with the key and its parts taken out of it."""
        return redact(text, self._secret)

    def cut_out(self, reply: str) -> str:
        """A model's reply without the whole key. A short one stays: it is a word (``ollama``, ``none``) and no secret."""
        return reply.replace(self._secret, _HIDDEN) if len(self._secret) >= _SECRET else reply


def redact(text: str, secret: str) -> str:
    """A text without a secret, and without any part of it of eight characters or more.

    Example:
        >>> redact("bad key sk-abcdefghijkl!", "sk-abcdefghijkl")
        'bad key [key]!'
        >>> redact("bad key …defghijk…", "sk-abcdefghijkl")
        'bad key …[key]…'
    """
    size = min(_PART, len(secret))
    parts = {secret[at : at + size] for at in range(len(secret) - size + 1)} if secret else set()
    if not any(part in text for part in parts):
        return text
    shown, at = [], 0
    while at < len(text):
        if text[at : at + size] not in parts:
            shown.append(text[at])
            at += 1
            continue
        while text[at : at + size] in parts:
            at += 1
        at += size - 1
        shown.append(_HIDDEN)
    return "".join(shown)


def find_key(name: str | None, env_file: str | None, folder: Path | None) -> Key:
    """The key whose variable the scenario names: from the environment, else from the named file; empty where none is named.

    Raises:
        ScenarioError: it is in neither, or the file cannot be read.
    """
    if name is None:
        return Key("")
    value = os.environ.get(name, "").strip()
    if not value and env_file is not None:
        value = _from_file((folder or Path()) / env_file, name)
    if not value:
        places = "the environment" + (f" nor in {env_file}" if env_file else "")
        raise ScenarioError(
            Problem(
                f"the variable {name} is not set in {places}",
                "inference.key",
                fix=f"Set it, for example: export {name}=…; or name a file of such lines with inference.env_file",
            )
        )
    if any(ord(character) < 33 or ord(character) > 126 for character in value):
        raise ScenarioError(
            Problem(f"the value of {name} cannot be a key: it has white space or other characters in it", "inference.key")
        )
    return Key(value)


def _from_file(path: Path, name: str) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ScenarioError(
            Problem(f"{path} cannot be read: {reason}", "inference.env_file", fix="Name a file of lines NAME=value")
        ) from error
    for line in lines:
        found = _LINE.match(line)
        if found and found[1] == name:
            value = found[2]
            if value[:1] in "\"'" and len(value) > 1 and value.endswith(value[0]):
                return value[1:-1]
            return re.split(r"\s+#", value)[0]
    return ""


def may_carry_key(address: str) -> bool:
    """Whether a key may be sent to an address: encrypted, or to this machine only."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
