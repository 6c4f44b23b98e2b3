# ruff: noqa: E501
"""Malformed scenarios: one valid scenario, and changes that each break it in one way.

In what replaces a part of it, ``§`` marks the line that the message must name; the mark itself is not written. ``says`` must
be part of a message on that line, ``advises`` part of its advice.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BASE", "CASES", "Case", "lay_out"]

BASE = """\
socsim: 1
name: debate
question: Does talk matter?
seed: 4
replicates: 1
population:
  size: 8
  data: people.csv
  facts: {age: age, town: town}
  reference: {ideology: ideology}
  persona: {renderer: second_person, facts: [age, town]}
network:
  graph: {watts_strogatz: {k: 4, p: 0.1}}
  place: {by: random}
items:
  tax:
    type: ordinal
    text: "Taxes should be lower."
    options: ["disagree", "neither", "agree"]
    readout: {method: logprob, labels: [letters, digits]}
  colour:
    type: nominal
    text_file: prompts/colour.txt
    options: ["red", "green", "blue"]
  hours:
    type: number
    text: "How many hours?"
    range: [0, 24]
    readout: {method: sample}
prompts:
  message: "{author}: {text}"
schedule:
  - phase: before
    ask: [tax, colour, hours]
  - phase: talk
    repeat: 2
    interaction: {kind: neighbours, see: messages}
    ask: [tax]
    say: {max_tokens: 10}
arms: [treatment, alone]
baselines: [degroot]
failures: {retry: 1, then: exclude}
inference: {engine: scripted}
"""


@dataclass(frozen=True)
class Case:
    """One way to break the valid scenario: ``old`` is replaced by ``new``."""

    name: str
    old: str
    new: str
    says: str
    advises: str = ""

    @property
    def text(self) -> str:
        """The malformed file."""
        assert BASE.count(self.old) == 1, f"{self.name}: {self.old!r} stands {BASE.count(self.old)} times"
        return BASE.replace(self.old, self.new).replace("§", "")

    @property
    def line(self) -> int:
        """The line that the message must name."""
        assert self.new.count("§") == 1, self.name
        before, _ = BASE.replace(self.old, self.new).split("§")
        return before.count("\n") + 1


ENTITIES = '<!DOCTYPE graphml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
GRAPHML = """<?xml version="1.0"?>{head}<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
<node id="{name}"/><node id="b"/><node id="c"/><edge source="{name}" target="b"/><edge source="b" target="c"/></graph></graphml>
"""


def lay_out(folder: Path) -> Path:
    """Write the files that the scenarios name into a folder; returns the path for a scenario file."""
    (folder / "prompts").mkdir()
    (folder / "prompts" / "colour.txt").write_text("Which colour do you like best?\n")
    rows = "".join(f"{20 + 3 * i},{'north' if i % 2 else 'south'},{i % 7 + 1}\n" for i in range(20))
    (folder / "people.csv").write_text("age,town,ideology\n" + rows)
    (folder / "empty.csv").write_text("age,town,ideology\n")
    (folder / "empty.txt").write_text(" \n")
    (folder / "latin.txt").write_bytes(b"caf\xe9\n")
    (folder / "quantities.csv").write_text("id,text,truth\na,How many?,3\nb,How much?,many\n")
    (folder / "twice.csv").write_text("id,text,truth\na,How many?,3\na,How much?,4\n")
    (folder / "ragged.csv").write_text("id,text\na,How many?,3\n")
    (folder / "uneven.csv").write_text("age,town,ideology\n20,north,1\n21,south\n")
    (folder / "column_twice.csv").write_text("age,age\n20,21\n")
    (folder / "semicolons.csv").write_text("age;town;ideology\n20;north;1\n")
    (folder / "broken.jsonl").write_text('{"age": 20}\n{"age": }\n')
    (folder / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    (folder / "large.txt").write_text("a" * 1_000_001)
    (folder / "ties.graphml").write_text(GRAPHML.format(head="", name="a"))
    (folder / "laughs.graphml").write_text(GRAPHML.format(head=ENTITIES, name="&b;"))
    (folder / "outside").symlink_to("/etc")
    os.mkfifo(folder / "pipe.csv")
    (folder / "link.txt").symlink_to("/etc/hostname")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "folder.txt").mkdir()
    return folder / "scenario.yaml"


def both(first: str, instead: str, second: str, other: str) -> tuple[str, str]:
    """One replacement that makes two: everything from the first part to the second, with both parts replaced."""
    begin, end = BASE.index(first), BASE.index(second) + len(second)
    return BASE[begin:end], instead + BASE[begin + len(first) : end - len(second)] + other


LAUGHS = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))
DEEP = "question: " + "[" * 40 + "]" * 40

ITEMS = BASE[BASE.index("items:\n") : BASE.index("prompts:\n")]

# fmt: off
CASES = [
    # the text is not plain YAML
    Case("tab indent", "  size: 8", "§\tsize: 8", "not valid YAML", "spaces"),
    Case("open bracket", "arms: [treatment, alone]\n", "arms: [treatment, alone\n§", "begun on line 40"),
    Case("open quote", "engine: scripted}", 'engine: §"scripted}', "not valid YAML", "quotes"),
    Case("colon in a text", "question: Does talk matter?", "question: §Talk: does it matter?", "not valid YAML", "quote"),
    Case("billion laughs", "socsim: 1\n", "§" + LAUGHS + "socsim: 1\n", "anchors", "Remove the anchor"),
    Case("cyclic alias", "seed: 4", "seed: §&self [*self]", "anchors", "write values out"),
    Case("alias of nothing", "seed: 4", "seed: §*nobody", "aliases", "Write the value out"),
    Case("merge key", "seed: 4", "§<<: {seed: 4}", "merge keys", "Write the fields out"),
    Case("python tag", "seed: 4", "seed: §!!python/object/apply:os.system [ls]", "tags", "Remove the tag"),
    Case("own tag", "seed: 4", "seed: §!secret 4", "tags", "Remove the tag"),
    Case("duplicate key", "seed: 4", "seed: 4\n§seed: 5", "stands twice (first on line 4)", "Keep one"),
    Case("two documents", "arms: [treatment, alone]", "arms: [treatment]\n§---\nsocsim: 1", "several documents", "one scenario per file"),
    Case("directive", "socsim: 1\n", "%YAML 1.1\n§---\nsocsim: 1\n", "directives", "Remove"),
    Case("deep nesting", "question: Does talk matter?", "§" + DEEP, "nested deeper"),
    Case("null character", "question: Does talk matter?", 'question: §"a\\0b"', "null character", "Remove"),
    Case("half a pair", "question: Does talk matter?", 'question: §"\\ud800"', "surrogate", "Write the character"),
    Case("mapping as key", "seed: 4", "? §{a: b}\n: 4", "a key must be one piece of text"),
    Case("empty key", "seed: 4", "§: 4", "a key is empty", "key: value"),
    Case("not a number", "seed: 4", "seed: §.nan", "not a number"),
    Case("control character", "question: Does talk matter?", "question: §a\x07b", "U+0007 cannot be used", "Remove it"),
    Case("colon in a bracket", "baselines: [degroot]", "baselines: [degroot: §a: b]", "not valid YAML", "quote texts"),
    Case("endless number", "seed: 4", "seed: §" + "9" * 5000, "digits", "shorter"),
    # types and spelling
    Case("unknown field", "seed: 4", "§sede: 4", "unknown field 'sede'", "Did you mean 'seed'?"),
    Case("unknown field below", "  size: 8", "  size: 8\n  §waight: w", "unknown field 'waight'", "Did you mean 'weight'?"),
    Case("unknown field in a phase", "    repeat: 2", "    §repeats: 2", "unknown field 'repeats'", "Did you mean 'repeat'?"),
    Case("unknown field in an item", "    range: [0, 24]", "    §rnge: [0, 24]", "unknown field 'rnge'", "Did you mean 'range'?"),
    Case("missing version", "socsim: 1\n", "§", "'socsim' is missing", "Add `socsim"),
    Case("other version", "socsim: 1\n", "socsim: §2\n", "found the number 2", "Allowed: 1"),
    Case("version as text", "socsim: 1\n", 'socsim: §"1"\n', "found the text", "Write 1 without quotes"),
    Case("missing size", "population:\n  size: 8\n", "§population:\n", "'size' is missing", "Add `size"),
    Case("empty population", "  size: 8", "  size: §0", "must be greater than 0", "greater than 0"),
    Case("half a person", "  size: 8", "  size: §8.5", "a whole number is wanted"),
    Case("negative people", "  size: 8", "  size: §-8", "must be greater than 0", "greater than 0"),
    Case("endless people", "  size: 8", "  size: §.inf", "a whole number is wanted", "3"),
    Case("too many people", "  size: 8", "  size: §1000000000000", "more than can be held", "at most"),
    Case("seed beyond tables", "seed: 4", "seed: §99999999999999999999", "must be less than", "less than"),
    Case("steps without end", "    repeat: 2", "    repeat: §99999999999", "at most 100000", "at most 100000"),
    Case("worlds without end", "replicates: 1", "replicates: §99999999999", "at most 100000", "at most 100000"),
    Case("size as text", "  size: 8", '  size: §"8"', "a whole number is wanted", "without quotes"),
    Case("size as truth value", "  size: 8", "  size: §true", "a whole number is wanted"),
    Case("nothing in it", "population:\n  size: 8\n", "population:\n  §size:\n", "no value", "Write a value"),
    Case("text is a number", '    text: "How many hours?"', "    text: §12", "text is wanted", 'Put it in quotes: "12"'),
    Case("name with a space", "name: debate", "name: §the debate", "cannot be used", "letters, digits"),
    Case("list for a mapping", "failures: {retry: 1, then: exclude}", "failures: §[1]", "a mapping (key: value) is wanted"),
    Case("text for a list", "    ask: [tax]", "    ask: §tax", "a list is wanted", "[a, b]"),
    Case("unknown renderer", "renderer: second_person", "renderer: §second_persn", "not known here", "Did you mean 'second_person'?"),
    Case("unknown readout", "method: logprob", "method: §logprobs", "not known here", "Did you mean 'logprob'?"),
    Case("unknown label set", "labels: [letters, digits]", "labels: [§leters]", "not known here", "Did you mean 'letters'?"),
    Case("no label set", "labels: [letters, digits]", "labels: §[]", "at least 1"),
    Case("unknown interaction", "kind: neighbours", "kind: §neighbors", "not known here", "Did you mean 'neighbours'?"),
    Case("interaction is a number", "interaction: {kind: neighbours, see: messages}", "interaction: §3", "is wanted", "{kind: neighbours"),
    Case("unknown engine", "engine: scripted", "engine: §embeded", "not known here", "Did you mean 'embedded'?"),
    Case("unknown baseline", "baselines: [degroot]", "baselines: [§de_groot]", "not known here", "Did you mean 'degroot'?"),
    Case("failures above one", "failures: {retry: 1, then: exclude}", "failures: {complete_below: §2}", "at most 1", "at most 1"),
    Case("unknown graph", "watts_strogatz:", "§watts_strogats:", "not known here", "Did you mean 'watts_strogatz'?"),
    Case("shipped network as a generator", "{watts_strogatz: {k: 4, p: 0.1}}", "{§karate_club: {}}", "not known here", "{name: karate_club}"),
    Case("graph as text", "{watts_strogatz: {k: 4, p: 0.1}}", "§karate_club", "a graph is wanted", "{name: karate_club}"),
    Case("parameters as a number", "{watts_strogatz: {k: 4, p: 0.1}}", "{ring: §3}", "a mapping (key: value) is wanted"),
    Case("speech without a value", "    say: {max_tokens: 10}", "    §say:", "no value", "{}"),
    Case("arm as a number", "arms: [treatment, alone]", "arms: [treatment, §3]", "a name, a control", "NAME"),
    Case("two arms in one", "arms: [treatment, alone]", "arms: §[{a: {}, b: {}}]", "several arms", "one {name: patch}"),
    Case("two graphs", "graph: {watts_strogatz: {k: 4, p: 0.1}}", "graph: §{name: karate_club, file: a.csv}", "found name and file", "{file: FILE}"),
    Case("no phases", BASE[BASE.index("schedule:\n") : BASE.index("arms:")], "schedule: §[]\n", "at least 1"),
    Case("prompt is a list", '  message: "{author}: {text}"', "  message: §[a]", "text or a mapping", "any_of"),
    Case("range of one", "range: [0, 24]", "range: §[0]", "found 1 entry; one more is wanted", "one more"),
    Case("range of three", "range: [0, 24]", "range: §[0, 1, 2]", "at most 2"),
    # answers that are not safely text
    Case("bare yes", '["red", "green", "blue"]', '["red", §yes]', "bare `yes`", 'quotes: "yes"'),
    Case("bare no", '["red", "green", "blue"]', '["red", §no]', "bare `no`", 'quotes: "no"'),
    Case("bare On", '["red", "green", "blue"]', '["red", §On]', "bare `On`", 'quotes: "On"'),
    Case("bare true", '["red", "green", "blue"]', '["red", §true]', "bare `true`", 'quotes: "true"'),
    Case("bare time", '["red", "green", "blue"]', '["red", §12:30]', "bare `12:30`", 'quotes: "12:30"'),
    Case("bare date", '["red", "green", "blue"]', '["red", §2012-01-01]', "a date", 'quotes: "2012-01-01"'),
    Case("bare 007", '["red", "green", "blue"]', '["red", §007]', "bare `007`", 'quotes: "007"'),
    Case("bare 1_000", '["red", "green", "blue"]', '["red", §1_000]', "a number", 'quotes: "1_000"'),
    Case("bare hexadecimal", '["red", "green", "blue"]', '["red", §0x1F]', "a number", 'quotes: "0x1F"'),
    Case("bare numbers", '["red", "green", "blue"]', "[§11, 12]", "bare `11`", 'quotes: "11"'),
    Case("bare tilde", '["red", "green", "blue"]', '["red", §~]', "nothing", 'quotes: "~"'),
    Case("empty entry", '    options: ["red", "green", "blue"]', '    options:\n      - "red"\n      -§\n', "an empty entry"),
    Case("bare non-answer", '["red", "green", "blue"]', '["red", "green"]\n    non_answers: [§null]', "nothing", "quotes"),
    # items
    Case("one option", '["red", "green", "blue"]', '§["red"]', "at least two options", "options"),
    Case(
        "no options", '  colour:\n    type: nominal\n    text_file: prompts/colour.txt\n    options: ["red", "green", "blue"]\n',
        "  §colour:\n    type: nominal\n    text_file: prompts/colour.txt\n", "at least two options", "options",
    ),
    Case("option twice", '["red", "green", "blue"]', '["red", "green", §"Red"]', "stands twice", "another text"),
    Case("option empty", '["red", "green", "blue"]', '["red", §" "]', "an option is empty"),
    Case("arbitrary orders of a scale", "labels: [letters, digits]", "orders: §latin_square", "ordered scales", "both_directions"),
    Case("random orders of a scale", "labels: [letters, digits]", "orders: §{random: 3}", "ordered scales", "both_directions"),
    Case("direction of colours", '["red", "green", "blue"]', '["red", "green"]\n    readout: {orders: §both_directions}', "no direction", "latin_square"),
    Case("falling scale", '["disagree", "neither", "agree"]', '§["3", "2", "1"]', "must rise", "low to high"),
    Case("too few values", '["disagree", "neither", "agree"]', '["disagree", "agree"]\n    values: §[1]', "1 values for 2", "one value"),
    Case("too many for roman", '["red", "green", "blue"]', f'{[str(f"c{i}") for i in range(13)]}\n    readout: {{labels: [§roman]}}', "12 labels for 13", "digits"),
    Case("cloze without frames", "{method: logprob, labels: [letters, digits]}", "§{method: cloze}", "needs sentence frames", "frames"),
    Case("frame without slot", "{method: logprob, labels: [letters, digits]}", '{method: cloze, frames: [§"I think so."]}', "exactly one slot", "{option}"),
    Case("frame with two slots", "{method: logprob, labels: [letters, digits]}", '{method: cloze, frames: [§"I {option} {option}."]}', "exactly one slot", "{option}"),
    Case("draws of a score", "labels: [letters, digits]}", "n: §5}", "no effect with method: logprob", "method: sample"),
    Case("score of a draw", "readout: {method: logprob, labels: [letters, digits]}", "readout: {method: sample, score: §whole_option}", "no effect with method: sample", "method: logprob"),
    Case("frames without cloze", "{method: logprob, labels: [letters, digits]}", '{frames: §["I {option}."]}', "belong to method: cloze", "cloze"),
    Case("range upside down", "range: [0, 24]", "range: §[24, 0]", "from 24 to 0", "smaller number first"),
    Case("number by label", "readout: {method: sample}", "readout: {method: §logprob}", "cannot be read by method: logprob", "sample"),
    Case("number by percentages", "readout: {method: sample}", "readout: {method: §verbalized}", "a number item cannot be read by method: verbalized", "sample or number"),
    Case("number by an expert", "readout: {method: sample}", "readout: {method: §expert}", "cannot be read by method: expert", "sample or number"),
    Case("number by candidates", "readout: {method: sample}", "readout: {method: §verbalized_sampling}", "cannot be read by method: verbalized_sampling", "sample or number"),
    Case("number as a text", "readout: {method: sample}", "readout: {method: §text}", "cannot be read by method: text", "sample or number"),
    Case("number in an order", "readout: {method: sample}", "readout: {method: sample, orders: §fixed}", "no options to put in order", "Remove"),
    Case("options as a text", "{method: logprob, labels: [letters, digits]}", "{method: §text}", "an ordinal item cannot be read by method: text", "verbalized"),
    Case("options as a number", "{method: logprob, labels: [letters, digits]}", "{method: §number}", "cannot be read by method: number", "logprob"),
    Case("text by percentages", *both('    type: number\n    text: "How many hours?"\n', '    type: text\n    text: "Why?"\n', "    range: [0, 24]\n    readout: {method: sample}", "    readout: {method: §verbalized}"), "a text item cannot be read by method: verbalized", "{method: text}"),
    Case("text by probabilities", *both('    type: number\n    text: "How many hours?"\n', '    type: text\n    text: "Why?"\n', "    range: [0, 24]\n    readout: {method: sample}", "    readout: {method: §logprob}"), "a text item cannot be read by method: logprob", "{method: text}"),
    Case("draws of percentages corrected", "{method: logprob, labels: [letters, digits]}", "{method: verbalized, correction: §calibrated}", "`correction` has no effect with method: verbalized", "method: logprob"),
    Case("temperature of a forecast", "{method: logprob, labels: [letters, digits]}", "{method: expert, temperature: §2}", "`temperature` has no effect with method: expert", "method: logprob"),
    Case("temperature of nothing", "labels: [letters, digits]}", "temperature: §0}", "must be greater than 0", "greater than 0"),
    Case("candidates of a draw", "labels: [letters, digits]}", "answers: §3}", "`answers` has no effect with method: logprob", "method: verbalized_sampling"),
    Case("length of a score", "labels: [letters, digits]}", "max_tokens: §32}", "`max_tokens` has no effect with method: logprob", "method: sample"),
    Case("length of a number's draws", "readout: {method: sample}", "readout: {method: number, answers: §2}", "`answers` has no effect with method: number", "verbalized_sampling"),
    Case("sentence calibrated three ways", "{method: logprob, labels: [letters, digits]}", '{method: cloze, frames: ["I {option}."], correction: §calibrated}', "no item text", "content_free"),
    Case("all orders of a scale", "labels: [letters, digits]", "orders: §full", "ordered scales", "shuffled (a direction)"),
    Case("all orders of six", '["red", "green", "blue"]', '["a", "b", "c", "d", "e", "f"]\n    readout: {orders: §full}', "6 options have 720 orders", "5 options at most"),
    Case("too many for percentages", '["red", "green", "blue"]', f'{[str(f"c{i}") for i in range(27)]}\n    readout: {{method: verbalized, labels: [§letters]}}', "26 labels for 27", "digits"),
    Case("unknown slot of a forecast", '  message: "{author}: {text}"', '  ask_expert: §"{persona} {item}"', "unknown slot {persona}", "form"),
    Case("request that is not shown", '  message: "{author}: {text}"', '  ask_as: §"Answer: {schema}"', "no slot {request}", "{request}"),
    Case("number with options", "range: [0, 24]", 'options: §["1", "2"]', "has no `options`", "Remove it"),
    Case("range of a scale", '    text: "Taxes should be lower."', '    text: "Taxes."\n    range: §[0, 1]', "belongs to number items", "Remove it"),
    Case(
        "no text", '  hours:\n    type: number\n    text: "How many hours?"\n', "  §hours:\n    type: number\n", "has no text", "text_file"
    ),
    Case("two texts", "text_file: prompts/colour.txt", "text: Which?\n    text_file: §prompts/colour.txt", "a text and a text_file", "Keep one"),
    Case("file as text", "text_file: prompts/colour.txt", "text: §prompts/colour.txt", "looks like a file", "text_file"),
    Case("items from a row that is no number", ITEMS, "items:\n  for_each: {table: §quantities.csv}\n  template: {type: number, readout: {method: sample}}\n", "is not a number", "digits"),
    Case("items with one id twice", ITEMS, "items:\n  for_each: {table: §twice.csv}\n  template: {type: number, readout: {method: sample}}\n", "stands twice", "every id once"),
    Case("items from a ragged table", ITEMS, "items:\n  for_each: {table: §ragged.csv}\n  template: {type: number, readout: {method: sample}}\n", "3 cells", "Quote"),
    Case("items from no table", ITEMS, "items:\n  for_each: {table: §quantity}\n  template: {type: number}\n", "no table 'quantity'", ".csv"),
    Case("items with an unknown column", ITEMS, 'items:\n  for_each: {table: twice.csv}\n  template: §{type: number, text: "{txt}"}\n', "slot {txt}", "Did you mean 'text'?"),
    # prompts
    Case("unknown slot", "{author}: {text}", "§{autor}: {text}", "unknown slot {autor}", "Did you mean 'author'?"),
    Case("single brace", "{author}: {text}", "§{author: {text}", "single brace", "{{"),
    Case("code in a slot", "{author}: {text}", "§{author.__class__} {text}", "single brace", "Slots here"),
    Case("nothing shown", "{author}: {text}", "§{author} wrote", "no slot {text}", "{text}"),
    Case("missing prompt file", '"{author}: {text}"', "{file: §prompts/colur.txt}", "no file", "Did you mean 'colour.txt'?"),
    Case("empty prompt file", '"{author}: {text}"', "{file: §empty.txt}", "is empty", "Write the text"),
    Case("prompt in another encoding", '"{author}: {text}"', "{file: §latin.txt}", "not UTF-8", "UTF-8"),
    # files
    Case("missing data", "data: people.csv", "data: §peple.csv", "no file 'peple.csv'", "Did you mean 'people.csv'?"),
    Case("absolute path", "data: people.csv", "data: §/etc/people.csv", "absolute path", "relative"),
    Case("drive", "data: people.csv", "data: §C:/people.csv", "absolute path", "relative"),
    Case("path escape", "data: people.csv", "data: §../people.csv", "leads out", "inside"),
    Case("hidden path escape", "text_file: prompts/colour.txt", "text_file: §prompts/../../secret.txt", "leads out", "inside"),
    Case("link out of the folder", "text_file: prompts/colour.txt", "text_file: §link.txt", "through a link", "Copy"),
    Case("link to itself", "text_file: prompts/colour.txt", "text_file: §loop.txt", "loop.txt"),
    Case("folder for a file", "text_file: prompts/colour.txt", "text_file: §folder.txt", "not an ordinary file", "ordinary"),
    Case("address for a file", "text_file: prompts/colour.txt", "text_file: §http://example.org/a.txt", "is an address", "Download"),
    Case("backslashes", "text_file: prompts/colour.txt", "text_file: §prompts\\colour.txt", "backslashes", "prompts/colour.txt"),
    Case("device for a file", "text_file: prompts/colour.txt", "text_file: §/dev/stdin", "absolute path", "relative"),
    Case("home for a file", "data: people.csv", "data: §~/people.csv", "absolute path", "relative"),
    Case("pipe for a file", "data: people.csv", "data: §pipe.csv", "not an ordinary file", "ordinary"),
    Case("folder outside through a link", "data: people.csv", "data: §outside/people.csv", "through a link", "Copy"),
    Case("too large a prompt", "text_file: prompts/colour.txt", "text_file: §large.txt", "at most 1000000", "smaller"),
    Case("people of another shape", "data: people.csv", "data: §uneven.csv", "line 3 of 'uneven.csv' has 2 cells", "Quote"),
    Case("people with a column twice", "data: people.csv", "data: §column_twice.csv", "'age' twice", "name of its own"),
    Case("people between semicolons", "data: people.csv", "data: §semicolons.csv", "separated by semicolons", "commas"),
    Case("people in broken JSON", "data: people.csv", "data: §broken.jsonl", "line 2 is not JSON", "anew"),
    Case("people in no Parquet", "data: people.csv", "data: §broken.parquet", "cannot be read", "anew"),
    Case("no data source", "data: people.csv", "data: §people", "no known data source", "anes96"),
    Case("misspelt source", "data: people.csv", "data: §statsmodels/anes69", "no shipped data", "anes96"),
    # people and ties
    Case("unknown fact", "facts: [age, town]", "facts: [age, §twn]", "no fact 'twn'", "Did you mean 'town'?"),
    Case("reference shown", "facts: [age, town]", "facts: [age, §ideology]", "never shown", "Remove it"),
    Case("unknown column", "facts: {age: age, town: town}", "facts: {age: age, town: §twon}", "twon"),
    Case("data without rows", "  size: 8\n  data: people.csv", "  size: §8\n  data: empty.csv", "people"),
    Case("more people than there are", "  size: 8", "  size: §21", ""),
    Case("quotas that do not sum", "  persona:", "  sample: {quotas: {town: §{north: 0.5, south: 0.6}}}\n  persona:", "sum to 1.1", "sum to 1"),
    Case(
        "facts without data", "  data: people.csv\n  facts: {age: age, town: town}\n", "  data: none\n  facts: §{age: age, town: town}\n", "no data to read `facts` from", "data"
    ),
    Case("homophily on nothing", "place: {by: random}", "place: §{by: homophily, assortativity: 0.3}", "needs a variable", "on"),
    Case("homophily on an unknown", "place: {by: random}", "place: {by: homophily, on: §twon, assortativity: 0.3}", "no fact 'twon'", "Did you mean 'town'?"),
    Case("impossible ring", "{watts_strogatz: {k: 4, p: 0.1}}", "{watts_strogatz: {k: §40, p: 0.1}}", ""),
    Case("impossible regular graph", "{watts_strogatz: {k: 4, p: 0.1}}", "{random_regular: {d: §9}}", ""),
    Case("shipped network of another size", "{watts_strogatz: {k: 4, p: 0.1}}", "§{name: karate_club}", "34"),
    Case("odd number of ends", "{watts_strogatz: {k: 4, p: 0.1}}", "{configuration_model: {deg_sequence: §[1, 1, 1, 1, 1, 1, 1, 2]}}", "no graph", "even"),
    Case("groups of other sizes", "{watts_strogatz: {k: 4, p: 0.1}}", "{stochastic_block_model: {sizes: §[4, 5], p: [[1, 0], [0, 1]]}}", "sum to 9", "sum to 8"),
    Case("lattice of another size", "{watts_strogatz: {k: 4, p: 0.1}}", "{lattice: {dim: §[3, 3]}}", "9 nodes", "8"),
    Case("probability above one", "{watts_strogatz: {k: 4, p: 0.1}}", "{erdos_renyi: {p: §1.1}}", "not a probability", "between 0 and 1"),
    Case("regular and odd", *both("  size: 8", "  size: 7", "{watts_strogatz: {k: 4, p: 0.1}}", "{random_regular: {d: §3}}"), "product is odd", "even"),
    Case("missing graph file", "{watts_strogatz: {k: 4, p: 0.1}}", "{file: §ties.graphm}", "no file 'ties.graphm'", "Did you mean 'ties.graphml'?"),
    Case("entities in a graph file", "{watts_strogatz: {k: 4, p: 0.1}}", "{file: §laughs.graphml}", "document type or entities", "plain GraphML"),
    Case("graph file of another size", "{watts_strogatz: {k: 4, p: 0.1}}", "{file: §ties.graphml}", "has 3 nodes, the population has 8", "population.size to 3"),
    Case("graph file that is something else", "{watts_strogatz: {k: 4, p: 0.1}}", "{file: §people.csv}", "same names", "format: edgelist"),
    Case(
        "weight that ties do not have", *both("  size: 8", "  size: 3", "{watts_strogatz: {k: 4, p: 0.1}}", "{file: ties.graphml}\n  weight: §strength"),
        'has no "strength"', "weight",
    ),
    Case(
        "directions that the file does not have", *both("  size: 8", "  size: 3", "{watts_strogatz: {k: 4, p: 0.1}}", "{file: ties.graphml}\n  directed: §true"),
        "ties without direction", "Leave directed out",
    ),
    Case("no such directions", "  place: {by: random}", "  directed: §true", "no directed form", "erdos_renyi"),
    Case("no such weights", "  place: {by: random}", "  weight: §w", "no weights", "Leave weight out"),
    Case("homophily out of reach", "place: {by: random}", "place: {by: homophily, on: town, assortativity: §0.99, tolerance: 0.01}", "was not reached", "Set assortativity to"),
    Case("degree by words", "place: {by: random}", "place: {by: degree, on: §town}", "needs numbers", "numbers"),
    Case("unknown parameter", "{watts_strogatz: {k: 4, p: 0.1}}", "{watts_strogatz: {§kk: 4, p: 0.1}}", "kk"),
    # schedule, arms, study
    Case("unknown item", "    ask: [tax]", "    ask: [§taxes]", "no item 'taxes'", "Did you mean 'tax'?"),
    Case("phase name twice", "  - phase: talk", "  - phase: §before", "stands twice", "name of its own"),
    Case(
        "phase without anything", "  - phase: before\n    ask: [tax, colour, hours]\n", "  - §phase: before\n", "neither asks", "ask: [ITEM]"
    ),
    Case(
        "nobody writes", "see: messages}\n    ask: [tax]\n    say: {max_tokens: 10}\n", "see: §messages}\n    ask: [tax]\n", "nobody writes", "say"
    ),
    Case(
        "neighbours without a network", BASE[BASE.index("network:\n") : BASE.index("    ask: [tax]\n")],
        BASE[BASE.index("items:\n") : BASE.index("    ask: [tax]\n")].replace("interaction: ", "interaction: §"), "needs a network", "network",
    ),
    Case("arm twice", "arms: [treatment, alone]", "arms: [treatment, alone, §alone]", "stands twice", "name of its own"),
    Case("shuffled how", "arms: [treatment, alone]", "arms: [treatment, §shuffled]", "needs to know what is shuffled", "permute_people"),
    Case("shuffled otherwise", "arms: [treatment, alone]", "arms: [treatment, {shuffled: §permute}]", "not known here", "Did you mean 'permute_people'?"),
    Case(
        "shuffle that changes nothing",
        *both("{watts_strogatz: {k: 4, p: 0.1}}", "{complete: {}}", "arms: [treatment, alone]", "arms: [treatment, §{shuffled: permute_people}]"),
        "would change nothing", "Leave this arm out",
    ),
    Case(
        "rewiring a star",
        *both("{watts_strogatz: {k: 4, p: 0.1}}", "{star: {}}", "arms: [treatment, alone]", "arms: [treatment, §{shuffled: rewire}]"),
        "would change nothing", "permute_people",
    ),
    Case(
        "homophily out of reach in an arm", "arms: [treatment, alone]",
        "arms: [treatment, {apart: {network: {place: {by: homophily, on: town, assortativity: §1}}}}]", "was not reached", "widen tolerance",
    ),
    Case("arm with a file from outside", "arms: [treatment, alone]", "arms: [treatment, {other: {population: {data: §../people.csv}}}]", "leads out", "inside"),
    Case("yoked to nothing", "arms: [treatment, alone]", "arms: [treatment, §yoked]", "one source of messages", "other_replicate"),
    Case("yoked without another world", "arms: [treatment, alone]", "arms: [treatment, {yoked: {world: §other_replicate}}]", "replicates is 1", "2 or more"),
    Case("patch of an unknown phase", "arms: [treatment, alone]", "arms: [treatment, {quiet: {phases: {§tlk: {repeat: 1}}}}]", "no phase 'tlk'", "Did you mean 'talk'?"),
    Case("patch of an unknown part", "arms: [treatment, alone]", "arms: [treatment, {quiet: {§netwrk: {}}}]", "cannot change 'netwrk'", "Did you mean 'network'?"),
    Case("patch that is invalid", "arms: [treatment, alone]", "arms: [treatment, {quiet: {phases: {talk: {repeat: §0}}}}]", "found the number 0; it must be at least 1", "at least 1"),
    Case("patch that breaks the world", "arms: [treatment, alone]", "arms: [treatment, {quiet: {phases: {talk: {ask: [§txa]}}}}]", "no item 'txa'", "Did you mean 'tax'?"),
    Case("key in the file", "engine: scripted", "engine: openai, key: §sk-verysecretvalue", "not the name of an environment variable", "OPENAI_API_KEY"),
    Case(
        "keys outside the folder", "engine: scripted", "engine: openai, key: K, env_file: §../.env", "leads out", "inside the scenario's folder"
    ),
    Case("absent tokenizer", "engine: scripted", "engine: openai, endpoint: {tokenizer: §absent.json}", "no file 'absent.json'", ""),
    Case(
        "absent direction", "engine: scripted", "engine: transformers, steering: {vector: §/v.npy, layer: 1}", "absolute path", "relative"
    ),
    Case("password in the address", "engine: scripted", "engine: openai, base_url: §https://me:verysecretvalue@host/v1", "not shown", "https://"),
    Case("shares of models", "engine: scripted", "engine: scripted, model: §[{name: a, share: 0.5}, {name: b, share: 0.1}]", "sum to 0.6", "sum to 1"),
    Case("unknown finding", "baselines: [degroot]", "compare: [{finding: §money}]", "does not name a finding", "money_request.basic"),
    Case("finding without its item", "baselines: [degroot]", "compare: [{finding: §money_request.basic}]", "options 11 to 20", "options"),
    Case("exposure to nothing", "kind: neighbours, see: messages", "kind: exposure, show: §message", "no condition 'message'", "Conditions"),
    Case("one level", "baselines: [degroot]", 'conditions: {message: {levels: §["a"]}}', "two levels", "Add a level"),
    Case("bare level", "baselines: [degroot]", 'conditions: {message: {levels: ["a", §no]}}', "bare `no`", "quotes"),
]
# fmt: on
