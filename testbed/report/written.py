"""The files that a report is written to: the record, the page, and what CI servers read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from testbed.errors import UsageError
from testbed.launch.run_folder import json_text, write_text
from testbed.report.compare import Comparison
from testbed.report.junit import junit_of
from testbed.report.page import page_of
from testbed.report.record import RunRecord

NAMES = {"json": "result", "html": "page", "junit": "JUnit"}
"""The options that name a file, and what is said to be in it."""


def write_shown(
    record: RunRecord, wanted: Mapping[str, Path | None], comparison: Comparison | None = None
) -> dict[str, Path]:
    """Write what is wanted; the files by what they are, to be told to people.

    Args:
        record: of the run, of two runs the later one.
        wanted: a file, or None, for each option of NAMES.
        comparison: with an earlier run, where the page shows both.

    Raises:
        UsageError: a file cannot be written.
    """
    texts: dict[str, Callable[[], str]] = {
        "json": lambda: json_text(record.to_json()),
        "html": lambda: page_of(record, comparison),
        "junit": lambda: junit_of(record),
    }
    written: dict[str, Path] = {}
    for option, path in wanted.items():
        if path is not None:
            write_to(option, path, texts[option]())
            written[NAMES[option]] = path
    return written


def write_to(option: str, path: Path, text: str) -> None:
    """Write the file that an option names.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        write_text(path, text)
    except OSError as problem:
        raise UsageError(f"--{option} {path}: {problem.strerror}") from problem
