"""The formats of results: one table with their options, their help and their writers.

A new format is a function from a result to a text, and an entry here. The options of each command
are made from this table, and `testbed.report.output.result_files` writes the files.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RUN, COMPARISON, BENCH, CHAOS, CHECK = "run", "comparison", "bench", "chaos", "check"
ATLAS = "atlas"
PROGRAM_BENCH = "program bench"
RUN_AND_BENCH = "run and bench"

RESULTS = {
    RUN: "a run",
    COMPARISON: "a comparison of two runs",
    BENCH: "a benchmark",
    RUN_AND_BENCH: "a run together with a benchmark",
    CHAOS: "a record of chaos",
    ATLAS: "an atlas of versions",
    PROGRAM_BENCH: "a benchmark of a program",
    CHECK: "what check has found",
}
"""The kinds of results, as a message calls each."""

TEXT = "text"
"""The format for people in a terminal."""

STANDARD_OUTPUT = "-"
"""The path of a file that is printed instead."""


@dataclass(frozen=True)
class ReportFormat:
    """One format of results."""

    name: str
    """The name, and without dashes its option."""
    help: str
    label: str
    """What a message calls the written file."""
    writers: Mapping[str, str]
    """`module:function` for each kind of result; the function makes the text of one result. They
    are imported on use, so that the help of a command loads none of them."""
    metavar: str = "FILE"
    printed: bool = False
    """Whether its option takes no file, and prints the text."""

    def text(self, kind: str, result: Any) -> str:
        """The text of a result of that kind."""
        module, _, function = self.writers[kind].partition(":")
        writer: Callable[[Any], str] = getattr(importlib.import_module(module), function)
        return writer(result)


_RECORD = "testbed.report.formats.record_json:record_text"

FORMATS = {
    each.name: each
    for each in (
        ReportFormat(
            TEXT,
            "lines for people (default)",
            "findings",
            {CHECK: "testbed.check.text:as_text"},
        ),
        ReportFormat(
            "json",
            "the whole result, for tools",
            "result",
            {
                RUN: _RECORD,
                BENCH: _RECORD,
                CHAOS: _RECORD,
                ATLAS: _RECORD,
                PROGRAM_BENCH: _RECORD,
                CHECK: "testbed.check.formats:as_json",
            },
        ),
        ReportFormat(
            "html",
            "a page to look at in a browser",
            "page",
            {
                RUN: "testbed.report.formats.page:page_of",
                COMPARISON: "testbed.report.formats.page:page_of_comparison",
                BENCH: "testbed.bench.show.page:page_of_bench",
                RUN_AND_BENCH: "testbed.bench.show.page:page_of_both",
                ATLAS: "testbed.report.atlas.page:page_of_atlas",
                PROGRAM_BENCH: "testbed.bench.slow.show.page:page_of_program",
            },
            metavar="PAGE",
        ),
        ReportFormat(
            "junit",
            "JUnit XML, for CI servers",
            "JUnit",
            {RUN: "testbed.report.formats.junit:junit_of"},
        ),
        ReportFormat(
            "markdown",
            "print a Markdown page, for an issue or a job summary",
            "Markdown",
            {
                RUN: "testbed.report.formats.markdown:markdown_of",
                COMPARISON: "testbed.report.formats.markdown:markdown_of_comparison",
                BENCH: "testbed.bench.show.markdown:markdown_of",
                PROGRAM_BENCH: "testbed.bench.slow.show.markdown:markdown_of_program",
            },
            printed=True,
        ),
        ReportFormat(
            "trace",
            "the steps of a program, for Perfetto or Chrome's trace viewer",
            "trace",
            {PROGRAM_BENCH: "testbed.bench.slow.show.trace:trace_of"},
        ),
        ReportFormat(
            "sarif",
            "SARIF 2.1.0, for code-scanning pages",
            "findings",
            {CHECK: "testbed.check.formats:as_sarif"},
        ),
        ReportFormat(
            "github",
            "annotations of GitHub's workflows",
            "findings",
            {CHECK: "testbed.check.formats:as_github"},
        ),
    )
}


@dataclass(frozen=True)
class WantedFile:
    """A file that the command line asks for."""

    format: str
    path: str
    option: str
    """The option as typed, like `--html`, for messages."""


def formats_of(*kinds: str) -> Iterable[ReportFormat]:
    """The formats that can show at least one of these kinds of results."""
    return [each for each in FORMATS.values() if not each.writers.keys().isdisjoint(kinds)]
