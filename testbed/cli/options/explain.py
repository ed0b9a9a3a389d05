"""Options of `testbed explain`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.model import argument


@dataclass(frozen=True)
class ExplainOptions:
    """All options of `testbed explain`."""

    code: str | None = argument(
        "CODE", nargs="?", help="like TB101, or the name or text of an error; default: all codes"
    )
