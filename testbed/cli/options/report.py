"""Options of `testbed report`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.model import argument, switch
from testbed.cli.options.shared import html_option, junit_option


@dataclass(frozen=True)
class ReportOptions:
    """What `testbed report` is asked for."""

    files: tuple[str, ...] = argument(
        "FILE",
        nargs="+",
        help="what --json wrote, of run, bench or chaos, or a run's folder; of two, the later last",
    )
    markdown: bool = switch("--markdown", help="print a Markdown page")
    html: str | None = html_option(title="")
    junit: str | None = junit_option(title="")
    fail_on_change: bool = switch(
        "--fail-on-change", help="of two: status 1 where a cell changed, or got slower"
    )
