"""Options of `testbed report`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.declarations.command_words import CATALOGUE, CommandWords
from testbed.cli.declarations.model import argument, result_files, switch
from testbed.report.formats.registry import (
    ATLAS,
    BENCH,
    PROGRAM_BENCH,
    RUN,
    WantedFile,
    formats_of,
)


@dataclass(frozen=True)
class ReportOptions:
    """All options of `testbed report`."""

    inputs: tuple[str, ...] = argument(
        "FILE",
        nargs="+",
        help="file that --json of run, bench or chaos wrote, or a run folder; two: the later last;"
        " three or more: runs with different TensorFlow versions, which become an atlas",
    )
    files: tuple[WantedFile, ...] = result_files(formats_of(RUN, BENCH, PROGRAM_BENCH, ATLAS))
    verbose: bool = switch("-v", "--verbose", help="every case, also of more than 3 scripts")
    fail_on_change: bool = switch(
        "--fail-on-change", help="of two records: status 1 where a cell changed or got slower"
    )


COMMAND = CommandWords(
    "report",
    CATALOGUE,
    "show a recorded run, benchmark or launch, or compare several",
    "Show a record, which may come from another machine, compare two, or make an atlas of more.",
    ("report run.json --html page.html", "report old.json new.json --fail-on-change"),
    ReportOptions,
    "[OPTION ...] FILE [FILE ...]",
    place=4,
)
