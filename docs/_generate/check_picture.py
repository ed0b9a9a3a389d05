"""Draws the first picture of README.md: a wrong program, and what `testbed check` says about it."""

from __future__ import annotations

import html
import io
import os
import re
import subprocess
import sys

from rich.console import Console
from rich.syntax import Syntax
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from docs._generate.markdown import DOCS

PROGRAM = DOCS / "examples/readme/train.py"
PICTURE = DOCS / "pictures/check.svg"
WIDTH = 112

_BACKGROUND, _FOREGROUND = (13, 17, 23), (230, 237, 243)
_ANSI = [
    *((72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34)),
    *((88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)),
]
THEME = TerminalTheme(_BACKGROUND, _FOREGROUND, _ANSI)

_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_LINE = re.compile(r'<text class="[^"]*-r\d+" x="[\d.]+" y="([\d.]+)"[^>]*>(.*?)</text>')
_COLOURS = (
    (r"\berror\b TB\d+ \w+", "bold red"),
    (r"^\S+\.py:\d+", "bold"),
    (r"^  (line|seen|why|cure):", "cyan"),
    (r"^\d+ errors?.*", "bold"),
)


def checked() -> str:
    """The output of `testbed check` on the program."""
    command = [sys.executable, "-m", "testbed", "check", PROGRAM.name]
    environment = {**os.environ, "COLUMNS": str(WIDTH)}
    done = subprocess.run(
        command, cwd=PROGRAM.parent, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout


def draw(output: str) -> str:
    """The program, the command and its output as an SVG that loads nothing."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    program = PROGRAM.read_text(encoding="utf-8").strip()
    console.print(Syntax(program, "python", theme="github-dark", line_numbers=True))
    console.print(Text("\n$ testbed check train.py", "bold green"))
    for line in output.splitlines():
        shown = Text(line)
        for pattern, style in _COLOURS:
            shown.highlight_regex(pattern, style)
        console.print(shown)
    # The font would be loaded from another host.
    drawn = console.export_svg(title="train.py", theme=THEME, unique_id="check")
    return _FONT_FACE.sub("", drawn)


def lines_of(picture: str) -> list[str]:
    """The lines of text in a picture."""
    rows: dict[float, str] = {}
    for position, text in _LINE.findall(picture):
        rows[float(position)] = rows.get(float(position), "") + html.unescape(text)
    return [rows[at].replace("\xa0", " ").rstrip() for at in sorted(rows)]


if __name__ == "__main__":
    PICTURE.write_text(draw(checked()), encoding="utf-8")
