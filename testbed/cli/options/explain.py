"""Options of `testbed explain`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.model import argument


@dataclass(frozen=True)
class ExplainOptions:
    """What `testbed explain` is asked for."""

    code: str | None = argument("CODE", nargs="?", help="like TB101; without, all codes")
