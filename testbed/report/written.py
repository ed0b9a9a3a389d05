"""The files that a report is written to: the record, the page, and what CI servers read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testbed.errors import UsageError
from testbed.launch.run_folder import write_json, write_text
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
    written: dict[str, Path] = {}
    for option, path in wanted.items():
        if path is None:
            continue
        try:
            if option == "json":
                write_json(path, record.to_json())
            elif option == "html":
                write_page(path, record, comparison)
            else:
                write_text(path, junit_of(record))
        except OSError as problem:
            raise UsageError(f"--{option} {path}: {problem.strerror}") from problem
        written[NAMES[option]] = path
    return written


def write_page(
    path: Path,
    record: RunRecord | None,
    comparison: Comparison | None = None,
    bench: dict[str, Any] | None = None,
) -> None:
    """Write the page of a run, of two, of a benchmark, or of a run and a benchmark.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        write_text(path, page_of(record, comparison, bench))
    except OSError as problem:
        raise UsageError(f"--html {path}: {problem.strerror}") from problem
