"""Options of `testbed list`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.options.model import argument, option, switch


@dataclass(frozen=True)
class ListOptions:
    """What `testbed list` is asked for."""

    patterns: tuple[str, ...] = argument("NAME", nargs="*", help="as for testbed run")
    markdown: bool = switch("--markdown", help="as the table in scenarios/README.md")
    write: str | None = option(
        "--write", metavar="FILE", help="replace the table in a page like that"
    )
