"""How we write, as the style page of the manual states it: words that we avoid, and sentences of a page by length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import planner

PAGES = Path(planner.__file__).parent / "manual" / "pages"
STYLE = (PAGES / "reference" / "style.md").read_text("utf-8")
MOST_WORDS = 24  # Of a sentence.
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = re.compile(r"^(#|\||    )")  # Headings, tables, indented code.
ITEM = re.compile(r"^(?:[-*]|\d+\.) +")
END = re.compile(r"(?<=[.!?])[)\"'*]*\s+(?=\W*[A-Z0-9`])")


def avoided() -> list[str]:
    """Words that the table of the style page tells us to avoid; the first row is about the beginning of labels."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", STYLE, re.MULTILINE)
    return [word for row in rows if row not in ("avoid", "---") and '"' not in row for word in row.split(", ")]


AVOIDED = re.compile(rf"\b({'|'.join(avoided())})\b", re.IGNORECASE)


def paragraphs(text: str) -> Iterator[str]:
    """The prose of a page: paragraphs and items of lists, each on one line."""
    for block in re.split(r"\n\s*\n", FENCE.sub("\n\n", text)):
        found = ""
        for line in block.splitlines():
            if LEFT_OUT.match(line):
                continue
            if ITEM.match(line) and found:
                yield found
                found = ""
            found += f" {ITEM.sub('', line).strip()}"
        if found:
            yield found.strip()


def sentences(text: str) -> Iterator[str]:
    """The sentences of the prose of a page. Code and formulas between backticks are one word each."""
    for paragraph in paragraphs(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "`x`", paragraph))
        yield from END.split(plain)


def words(sentence: str) -> int:
    return len(re.findall(r"[\w`](?:[\w`'.,/%-]*[\w`%])?", sentence))
