"""Markdown as HTML: formulas become MathML, links lead to pages of the site, raw HTML is shown as text.

Beyond CommonMark and tables there are four habits. A fence `math`, or code that begins and ends with $, is a formula.
A heading or the first cell of a row may end with its anchor, `{#name}`. A fence whose language is followed by
`fold TITLE` is closed until it is opened; any other word there is the name of the file that the block stands for.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

WORD = re.compile(r"\\text\{[^}]*\}|(?<![\\A-Za-z])[A-Za-z](?:[A-Za-z]|\\_)+")
BROAD = 4  # Columns from which a table does not fit on a phone.
ANCHOR = re.compile(r"\s*\{#([\w.-]+)\}$")


class Heading(NamedTuple):
    """A heading of a page: its level, what it says, its anchor."""

    level: int
    text: str
    anchor: str


class Rendered(NamedTuple):
    """A page as HTML, and its headings."""

    html: str
    headings: tuple[Heading, ...]


def rendered(text: str, page: str = "") -> Rendered:
    """A page as HTML; `page` is its path within the manual, from which its links are understood."""
    tokens = _parser().parse(text, {"page": page})
    html = _parser().renderer.render(tokens, _parser().options, {"page": page})
    return Rendered(str(html), tuple(_headings(tokens)))


def typeset(latex: str, display: str = "block") -> str:
    """A formula as MathML, which browsers draw without a script."""
    from latex2mathml.converter import convert

    made: str = convert(WORD.sub(_as_one, " ".join(latex.split())), display=display)
    return made.replace("<math ", f'<math aria-label="{escape(latex, quote=True)}" ', 1)


def _as_one(found: re.Match[str]) -> str:
    """A name of several letters as one word, not as a product of letters."""
    word = found[0]
    return word if word.startswith("\\") else f"\\text{{{word.replace(chr(92), '')}}}"


def slug(text: str) -> str:
    """The anchor of a heading that states none."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def file_of(page: str) -> str:
    """The file of a page of the site: all stand in one folder."""
    return page.removesuffix(".md").replace("/", "-") + ".html"


@cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.core.ruler.before("inline", "anchors", _anchors)
    made.core.ruler.before("inline", "heads", _heads)
    for name, rule in (("fence", _fence), ("code_inline", _code), ("link_open", _link),
                       ("table_open", _table_open), ("table_close", _table_close)):  # fmt: skip
        made.add_render_rule(name, rule)
    return made


def _anchors(state: StateCore) -> None:
    """Anchors that are stated, and one for every heading."""
    taken: set[str] = set()
    for before, token in pairwise(state.tokens):
        stated = ANCHOR.search(token.content) if token.type == "inline" else None
        if stated is not None:
            token.content = token.content[: stated.start()]
            before.attrSet("id", stated[1])
        elif before.type == "heading_open":
            anchor = slug(token.content)
            while anchor in taken:
                anchor += "-2"
            before.attrSet("id", anchor)
        taken.add(str(before.attrGet("id")))


def _heads(state: StateCore) -> None:
    """Every cell of a wide table knows the head of its column, for screens on which a row becomes a list."""
    heads, column, table = list[str](), 0, Token("", "", 0)
    for before, token in pairwise(state.tokens):
        if before.type == "table_open":
            heads, table = [], before
        elif before.type == "tr_open":
            column = 0
        elif before.type == "th_open":
            heads.append(token.content)
            table.attrSet("class", "broad" if len(heads) >= BROAD else "")
        elif before.type == "td_open":
            before.attrSet("data-head", heads[column])
            column += 1


def _headings(tokens: Sequence[Token]) -> list[Heading]:
    pairs = pairwise(tokens)
    return [Heading(int(t.tag[1]), inner.content.replace("`", ""), str(t.attrGet("id")))
            for t, inner in pairs if t.type == "heading_open"]  # fmt: skip


def _fence(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    token = tokens[index]
    language, _, title = token.info.partition(" ")
    if language == "math":
        return f'<div class="formula">{typeset(token.content)}</div>\n'
    code = f'<pre tabindex="0" class="{escape(language, quote=True)}"><code>{escape(token.content)}</code></pre>\n'
    if title.startswith("fold "):
        return f"<details><summary>{escape(title.removeprefix('fold '))}</summary>{code}</details>\n"
    if language == "sh" and title:
        return f'{code}<p class="caption">It ends with exit code {escape(title)}.</p>\n'
    return f'<p class="caption">{escape(title)}</p>\n{code}' if title else code


def _code(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    content = tokens[index].content
    if len(content) > 2 and content.startswith("$") and content.endswith("$"):
        return typeset(content[1:-1], "inline")
    return f"<code>{escape(content)}</code>"


def _link(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    target, mark, anchor = str(token.attrGet("href")).partition("#")
    if target.endswith(".md") and "//" not in target:
        folder = posixpath.dirname(env["page"])
        token.attrSet("href", file_of(posixpath.normpath(posixpath.join(folder, target))) + mark + anchor)
    return str(renderer.renderToken(tokens, index, options, env))


def _table_open(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    return f'<div class="table {tokens[index].attrGet("class")}" tabindex="0"><table>\n'


def _table_close(*_: Any) -> str:
    return "</table></div>\n"
