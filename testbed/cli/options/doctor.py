"""Options of `testbed doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.model import option


@dataclass(frozen=True)
class DoctorOptions:
    """What `testbed doctor` is asked for."""

    end: str | None = option(
        "--end", metavar="RUN", help="end what is left of that run, or of all; look at nothing else"
    )
