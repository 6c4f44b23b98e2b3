"""What was written: shares of messages that say nothing new, and a sample to read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from socsim.seeding import stream
from socsim_analysis.frames import opinion_items
from socsim_analysis.markup import Html, count, element, join, numeral, paragraph, percent, section
from socsim_analysis.page import Page
from socsim_analysis.texts import MessageShares, SampledMessage, message_shares, sample_messages

__all__ = ["messages_section"]

_PER_ARM = 4
_LONGEST = 600


def messages_section(page: Page) -> Html | None:
    """Table of shares and a sample; None where no message was asked for."""
    shares = message_shares(page.run)
    if not shares:
        return None
    sample = sample_messages(page.run, stream(int(page.run.manifest.get("seed") or 0), "messages shown"), _PER_ARM)
    return section("messages", "Messages", _table(page, shares), *_sample(page, sample))


def _table(page: Page, shares: Sequence[MessageShares]) -> Html:
    rows: list[list[str | Html]] = []
    for row in shares:
        of_asked = [percent(row.empty), percent(row.failed), percent(row.cut_off)]
        of_written = [percent(row.duplicate), percent(row.duplicate_normalised), percent(row.own_repeat)]
        rows.append([row.arm, count(row.asked), *of_asked, count(row.written), *of_written])
    caption = (
        "Messages by arm, summed over worlds. Empty, failed and cut off (the model ran out of tokens): shares of those asked "
        "for. The same text: shares of those written whose text stood in an earlier row of that arm and world, word for "
        "word, or but for case and punctuation. Own repeat: equal to the same person’s previous message, of those who have "
        "one."
    )
    headers = ["arm", "asked for", "empty", "failed", "cut off", "written", "same text", "nearly the same", "own repeat"]
    return page.table(caption, headers, rows)


def _sample(page: Page, sample: Sequence[SampledMessage]) -> list[Html]:
    if not sample:
        return [paragraph("No message was written, so there is none to show.")]
    items = opinion_items(page.run)
    opinion = f" Opinions are expected values on {items[0]} at the step before and at the same step." if items else ""
    head = paragraph(f"{count(len(sample))} messages, drawn at random, up to {_PER_ARM} from each arm.{opinion}", class_="soft")
    return [element("h3", "A sample to read"), head, *(_card(page, message, opinions=bool(items)) for message in sample)]


def _card(page: Page, message: SampledMessage, *, opinions: bool) -> Html:
    where = f"{message.arm}, replicate {message.replicate}, step {message.step}, agent {message.agent}"
    if page.worlds == 1:
        where = f"{message.arm}, step {message.step}, agent {message.agent}"
    parts = [paragraph(element("b", where), Html(" "), message.persona, class_="soft", dir="auto")]
    read = [element("blockquote", _short(text), class_="read", dir="auto") for text in message.read]
    if read:
        parts += [paragraph("had read:", class_="soft"), *read, paragraph("wrote:", class_="soft")]
    cut = element("span", " (cut off)", class_="soft") if message.cut_off else Html("")
    parts.append(element("blockquote", _short(message.text), cut, dir="auto"))
    if opinions:
        change = [numeral(message.before), " → ", numeral(message.after)]
        unchanged = "" if math.isnan(message.after - message.before) else f" ({_change(message.after - message.before)})"
        parts.append(paragraph(join(["opinion before and after: ", *change, unchanged]), class_="soft"))
    return element("div", *parts, class_="message")


def _change(difference: float) -> str:
    text = numeral(difference)
    return text if text.startswith("\N{MINUS SIGN}") else f"+{text}" if float(text.replace(",", "")) else "unchanged"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rstrip() + " …"
