"""Options of `testbed report`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.model import argument, switch
from testbed.cli.options.shared import html_option, junit_option


@dataclass(frozen=True)
class ReportOptions:
    """All options of `testbed report`."""

    files: tuple[str, ...] = argument(
        "FILE",
        nargs="+",
        help="file that --json of run, bench or chaos wrote, or a run folder; of two, newer last",
    )
    markdown: bool = switch("--markdown", help="print a Markdown page")
    html: str | None = html_option(title="")
    junit: str | None = junit_option(title="")
    fail_on_change: bool = switch(
        "--fail-on-change", help="of two records: status 1 where a cell changed or got slower"
    )
