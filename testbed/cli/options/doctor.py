"""Options of `testbed doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.model import option


@dataclass(frozen=True)
class DoctorOptions:
    """All options of `testbed doctor`."""

    end: str | None = option(
        "--end", metavar="RUN", help="only end leftover processes of that run, or of all runs: all"
    )
