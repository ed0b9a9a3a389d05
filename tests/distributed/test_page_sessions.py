"""Runs the sessions that pages show, and compares their output in its stable parts."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs._generate.check_picture import PICTURE, checked, lines_of
from tests.house.markdown_pages import Block, blocks, pages
from tests.house.sources import ROOT, short

_CHANGING = (
    (re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}"), "RUN"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "N s"),
    (re.compile(r"(?<![\w.])/\S*/(?=[\w.-]+\.py|\.testbed)"), "/"),
    (re.compile(r"\[ *\d+%\]"), "[%]"),
    (re.compile(r"([_=-])\1{3,}"), r"\1\1\1"),
    (re.compile(r" {2,}"), " "),
)
_WORKER = re.compile(r"worker \d+ \|")
_WITH_SESSIONS = [page for page in pages() if any(block.is_run for block in blocks(page))]


def stable(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, text in _CHANGING:
        line = pattern.sub(text, line)
    return line.strip()


def by_source(lines: list[str]) -> dict[str, list[str]]:
    """Lines by the worker that printed them: between workers their order is by chance."""
    found: dict[str, list[str]] = {}
    for line in lines:
        worker = _WORKER.match(line)
        found.setdefault(worker[0] if worker else "", []).append(stable(line))
    return found


def missing(shown: list[str], printed: list[str]) -> list[str]:
    """The shown lines that were not printed in that order, by source."""
    lost = []
    actual = by_source(printed)
    for source, lines in by_source(shown).items():
        left = iter(actual.get(source, []))
        lost += [line for line in lines if line and line not in left]
    return lost


def sessions(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block, with the output that the page shows."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, [line for line in shown if line != "..."]


def run(command: str, folder: Path) -> list[str]:
    """What a command prints in a folder."""
    name, *arguments = shlex.split(command, comments=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_") and k != "TF_CONFIG"}
    done = subprocess.run(
        [str(Path(sys.executable).parent / name), *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "98"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout.splitlines()


def test_the_first_picture_is_what_check_prints() -> None:
    """The picture in README.md has every line that `testbed check` prints on its program."""
    drawn = lines_of(PICTURE.read_text(encoding="utf-8"))
    assert missing(checked().splitlines(), drawn) == []


@pytest.mark.soak
@pytest.mark.parametrize("page", _WITH_SESSIONS, ids=short)
def test_sessions_show_what_commands_print(page: Path, tmp_path: Path) -> None:
    """Every line that a page shows below a command is printed by it, in that order."""
    lost = {}
    for block in blocks(page):
        if block.file:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        elif block.is_run:
            for command, shown in sessions(block):
                printed = run(command, tmp_path)
                if absent := missing(shown, printed):
                    lost[command] = (absent, printed)
    assert lost == {}
