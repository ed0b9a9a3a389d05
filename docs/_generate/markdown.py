"""Pages and the Markdown that generated pages use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

# Names of code within a sentence: dotted names, calls, names with underscores, keyword arguments.
_CALL = r"\((?:[^()]|\([^()]*\))*\)"
_DOTTED = rf"(?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*(?:{_CALL})?"
_NAME = re.compile(
    rf"(?<![\w`./@-])(?:@?{_DOTTED}|[A-Za-z]\w*{_CALL}|[A-Za-z_]\w*=\w+|[A-Za-z]+(?:_\w+)+)(?![\w`/])"
)
_CODE_SPAN = re.compile(r"(`[^`]*`)")


@dataclass(frozen=True)
class Page:
    """A generated page of `docs`."""

    path: str
    """Within `docs`."""
    text: str

    @property
    def file(self) -> Path:
        """Its file."""
        return DOCS / self.path


def page(path: str, source: str, *blocks: str) -> Page:
    """A page of blocks, which starts with a comment that names the source of its text."""
    note = f"<!-- `make docs-pages` writes this page from {source}. -->"
    return Page(path, "\n\n".join(block for block in (note, *blocks) if block) + "\n")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty if it has no rows."""
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *lines])


def section(title: str, *blocks: str, level: int = 2) -> str:
    """A section; empty if all of its blocks are."""
    content = [block for block in blocks if block]
    return "\n\n".join([f"{'#' * level} {title}", *content]) if content else ""


def fence(text: str, language: str = "") -> str:
    """A block of code or output."""
    return f"```{language}\n{text.rstrip()}\n```"


def prose(text: str) -> str:
    """A sentence of the code's tables, with names of code in backticks."""
    parts = _CODE_SPAN.split(text)
    marked = [part if part.startswith("`") else _NAME.sub(r"`\g<0>`", part) for part in parts]
    return "".join(marked)


def sentence(text: str) -> str:
    """The text as a sentence: with a capital letter and a full stop."""
    text = text.rstrip(".")
    # A name of code keeps its first letter.
    capital = text if _NAME.match(text) else text[:1].upper() + text[1:]
    return f"{prose(capital)}."


def code(text: str) -> str:
    """A text as code, which may contain backticks."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def link_to(target: Path, origin: str, text: str) -> str:
    """A link from a page of `docs` to a file of the project."""
    path = os.path.relpath(target, (DOCS / origin).parent)
    return f"[{text}]({Path(path).as_posix()})"
