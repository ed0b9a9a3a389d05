"""The files that a report is written to: the record, the page, and what CI servers read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from testbed.errors import LaunchError
from testbed.launcher.run_folder import json_text, write_text
from testbed.report.formats.junit import junit_of
from testbed.report.formats.page import page_of
from testbed.report.records.compare import RunComparison
from testbed.report.records.record import RunRecord

RECORD = "record"
"""Beside the options that name a file: the record in the run's own folder."""

NAMES = {RECORD: "result", "json": "result", "html": "page", "junit": "JUnit"}
"""What is said to be in each file."""

Texts = Mapping[str, Callable[[], str]]


def texts_of(record: RunRecord, comparison: RunComparison | None = None) -> Texts:
    """What is written of a run, by the names of NAMES.

    Args:
        record: of the run, of two runs the later one.
        comparison: with an earlier run, where the page shows both.
    """
    return {
        RECORD: lambda: json_text(record.to_json()),
        "json": lambda: json_text(record.to_json()),
        "html": lambda: page_of(record, comparison),
        "junit": lambda: junit_of(record),
    }


def write_all(
    texts: Texts, wanted: Mapping[str, Path | None]
) -> tuple[dict[str, Path], list[LaunchError]]:
    """Write what is wanted: the files by what they are, to be told to people, and what failed.

    One file that cannot be written keeps no other from being written.
    """
    written: dict[str, Path] = {}
    lost: list[LaunchError] = []
    for option, path in wanted.items():
        if path is None:
            continue
        try:
            write_to(option, path, texts[option]())
            written[NAMES[option]] = path
        except LaunchError as problem:
            lost.append(problem)
    return written, lost


def write_to(option: str, path: Path, text: str) -> None:
    """Write the file that an option names; that one can be named there has been asked before.

    Raises:
        LaunchError: it cannot be written.
    """
    try:
        write_text(path, text)
    except OSError as problem:
        named = "" if option == RECORD else f"--{option} "
        raise LaunchError(f"{named}{path}: {problem.strerror}; it is not written") from problem
