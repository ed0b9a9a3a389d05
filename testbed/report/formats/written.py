"""Writes the files of a report: the record, the page, and JUnit XML for CI servers."""

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
"""Name of the record in the run folder; the other names are options."""

NAMES = {RECORD: "result", "json": "result", "html": "page", "junit": "JUnit"}
"""The label of each file in messages."""

Texts = Mapping[str, Callable[[], str]]


def texts_of(record: RunRecord, comparison: RunComparison | None = None) -> Texts:
    """Functions that make the text of each file, by the names in NAMES.

    Args:
        record: the run, or the later one of two runs.
        comparison: the comparison with an earlier run, if the page shows both.
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
    """Write all wanted files.

    If one file cannot be written, the others are still written.

    Returns:
        The written files by their labels for messages, and the errors.
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
    """Write the file that an option names; `destination` has checked the path before.

    Raises:
        LaunchError: it cannot be written.
    """
    try:
        write_text(path, text)
    except OSError as problem:
        named = "" if option == RECORD else f"--{option} "
        raise LaunchError(f"{named}{path}: {problem.strerror}; it is not written") from problem
