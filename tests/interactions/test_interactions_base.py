"""The README's own interaction is carried out as it stands there, in fewer than forty lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from socsim import Interaction, Run

README = Path(__file__).parents[2] / "README.md"


def code() -> str:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if "(Interaction)" in block]
    return found


def test_the_example_takes_fewer_than_forty_lines() -> None:
    assert len([line for line in code().splitlines() if line.strip()]) < 40


def test_the_example_runs_and_everybody_hears_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(code(), "README.md", "exec"), names)  # noqa: S102
    done, kind = names["done"], names["Rumour"]
    assert isinstance(done, Run)
    assert isinstance(kind, type)
    assert issubclass(kind, Interaction)
    assert done.status == "complete"
    heard = dict(zip(done.seen["agent"], done.seen["author"], strict=True))
    (first,) = set(range(8)) - set(heard)
    chain = [first]
    while len(chain) < 8:
        chain.append({author: agent for agent, author in heard.items()}[chain[-1]])
    assert sorted(chain) == list(range(8))
    assert {row.agent: row.text for row in done.messages.itertuples()}[first] in set(done.seen["text"])
