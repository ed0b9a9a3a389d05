"""The project's Markdown pages, as the tests look at them: links, headings, blocks of code."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.house.sources import DOCS, ROOT

RUN, NOT_RUN = "<!-- run -->", "<!-- not run: "

_MARKDOWN = MarkdownIt().enable("table")
_FILE = re.compile(r"<!-- file: (\S+) -->")
_IMAGE = re.compile(r'<img src="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A block of code on a page."""

    page: Path
    line: int
    language: str
    """Empty for an indented block."""
    text: str
    comment: str
    """The HTML comment before it, or empty."""

    @property
    def place(self) -> str:
        """The page and the line, as editors open it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str:
        """The name of the file that the block shows, if the commands of its page use that file."""
        found = _FILE.match(self.comment)
        return found[1] if found else ""

    @property
    def is_run(self) -> bool:
        """Whether a test runs its commands and compares their output."""
        return self.comment == RUN


def pages() -> list[Path]:
    """All Markdown pages of the project."""
    folders = (DOCS, *(ROOT / name for name in ("scenarios", "testbed", "tests")))
    inner = (path for folder in folders for path in folder.rglob("*.md"))
    return sorted([*ROOT.glob("*.md"), *inner])


@functools.cache
def tokens(page: Path) -> list[Token]:
    """The parsed page."""
    return _MARKDOWN.parse(page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """The targets of its links and images."""
    for token in tokens(page):
        yield from _IMAGE.findall(token.content) if token.type.startswith("html") else ()
        for inner in token.children or ():
            if inner.type == "link_open":
                yield str(inner.attrs["href"])
            elif inner.type == "image":
                yield str(inner.attrs["src"])
            elif inner.type == "html_inline":
                yield from _IMAGE.findall(inner.content)


def anchors(page: Path) -> set[str]:
    """The anchors of its headings, as GitHub makes them."""
    found = tokens(page)
    heads = [after.content for token, after in pairwise(found) if token.type == "heading_open"]
    return {_slug(head) for head in heads}


def blocks(page: Path) -> Iterator[Block]:
    """Its blocks of code, in order."""
    before = ""
    for token in tokens(page):
        if token.type in ("fence", "code_block"):
            line = (token.map or [0])[0] + 1
            yield Block(page, line, token.info.strip(), token.content, before)
        before = token.content.strip() if token.type == "html_block" else ""


def _slug(heading: str) -> str:
    words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w -]", "", words).strip().replace(" ", "-")
