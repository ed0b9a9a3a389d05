"""Writes a result to the files that the command line asks for, in their formats."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from testbed.errors import UNEXPECTED, LaunchError, UsageError
from testbed.launcher.run_folder import write_text
from testbed.report.formats.registry import (
    FORMATS,
    RESULTS,
    STANDARD_OUTPUT,
    TEXT,
    WantedFile,
    formats_of,
)
from testbed.report.formats.text import show_files
from testbed.report.formats.words import printable
from testbed.report.output.destinations import destination
from testbed.terminal import complain, write_utf8

Result = TypeVar("Result")

_HANGING = 8
"""The indent of the further lines of a text that is wrapped: below its words, after the label."""

_RECORD = "result"
"""What a message calls the record in the run folder."""


@dataclass
class Written:
    """The files that are written, by what messages call them, and those that could not be."""

    files: dict[str, Path] = field(default_factory=dict)
    lost: list[LaunchError] = field(default_factory=list)

    def add(self, write: Callable[[Result], dict[str, Path]], result: Result) -> None:
        """Write further files of a result; a LaunchError of `write` counts as a lost file."""
        try:
            self.files |= write(result)
        except LaunchError as problem:
            self.lost.append(problem)

    def show(self, **more: Path) -> None:
        """Print each file, then `more`, and a line for each file that could not be written."""
        show_files({**self.files, **{name.replace("_", " "): path for name, path in more.items()}})
        for problem in self.lost:
            complain(problem)

    def status(self, status: int) -> int:
        """The exit status of the command: not 0 where a file is lost."""
        return status or (UNEXPECTED if self.lost else status)


class ResultFiles:
    """The files of one command; a wrong path is rejected before the command runs."""

    def __init__(self, wanted: Iterable[WantedFile]) -> None:
        """Check the files that the command line asks for.

        Raises:
            UsageError: a file cannot be written there, or two options name one file.
        """
        self._wanted = tuple(wanted)
        self._files: list[tuple[WantedFile, Path]] = []
        taken: dict[Path, str] = {}
        for each in self._wanted:
            path = None
            if each.path != STANDARD_OUTPUT:
                path = destination(each.option, each.path)
            if path is None:
                continue
            other = taken.setdefault(path.resolve(), each.option)
            if other != each.option:
                raise UsageError(
                    f"{each.option} {each.path}: {other} writes there, too; name two files"
                )
            self._files.append((each, path))

    @property
    def wanted(self) -> bool:
        """Whether the command line asks for any format."""
        return bool(self._wanted)

    def require(self, kind: str) -> None:
        """Reject a format that this kind of result does not have.

        Raises:
            UsageError: names the formats that it has.
        """
        for each in self._wanted:
            if kind not in FORMATS[each.format].writers:
                valid = ", ".join(f"--{known.name}" for known in formats_of(kind))
                raise UsageError(
                    f"{each.option}: {RESULTS[kind]} cannot be shown so; choose from {valid}"
                )

    def print(self, kind: str, result: Any) -> bool:
        """Print the formats that are to be printed; return whether there is one."""
        self.require(kind)
        printed = [each.format for each in self._wanted if each.path == STANDARD_OUTPUT]
        for name in printed:
            text = FORMATS[name].text(kind, result)
            # A tool reads the same bytes here as from a file.
            shown = _fitted(printable(text)) if name == TEXT else text
            write_utf8(shown.encode("utf-8", "backslashreplace"))
        return bool(printed)

    def write(self, kind: str, result: Any, record: Path | None = None) -> Written:
        """Write all wanted files; if one cannot be written, the others still are.

        Args:
            kind: of the result, like RUN.
            result: of that kind.
            record: where the record is also written, in the run folder.
        """
        self.require(kind)
        done = Written()
        if record:
            _write(done, _RECORD, record, str(record), FORMATS["json"].text(kind, result))
        for each, path in self._files:
            known = FORMATS[each.format]
            _write(done, known.label, path, f"{each.option} {path}", known.text(kind, result))
        return done


def _write(done: Written, label: str, path: Path, named: str, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as problem:
        done.lost.append(LaunchError(f"{named}: {problem.strerror}; it is not written"))
    else:
        done.files[label] = path


def _fitted(text: str) -> str:
    """The lines of a text, wrapped between words if they are printed in a terminal."""
    if not sys.stdout.isatty():
        return text
    wrapper = textwrap.TextWrapper(
        shutil.get_terminal_size().columns,
        subsequent_indent=" " * _HANGING,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"{part}\n" for line in text.splitlines() for part in wrapper.wrap(line) or [""])
