"""Options that several commands have."""

from __future__ import annotations

import argparse
import math


def add_isolation(group: argparse._ActionsContainer) -> None:
    """How far the run is from others on this machine."""
    group.add_argument(
        "--isolation",
        default="auto",
        choices=("auto", "required", "none"),
        help="auto: workers in a network and a process namespace of the run's own, where the"
        " kernel allows it (default); required: not without such a network; none: without",
    )


def add_deadlines(group: argparse._ArgumentGroup) -> None:
    """How long a case may take."""
    group.add_argument(
        "--start-timeout", type=float, default=60.0, metavar="S",
        help="seconds until every worker of a case has joined (default 60)",
    )  # fmt: skip
    group.add_argument(
        "--timeout", type=float, default=60.0, metavar="S",
        help="seconds from then until every worker has reported (default 60)",
    )  # fmt: skip


def add_own_deadlines(parser: argparse.ArgumentParser) -> None:
    """How long somebody's own code may take."""
    parser.add_argument(
        "--start-timeout", type=float, default=60.0, metavar="S",
        help="seconds from when the first worker makes its strategy until all have (default 60)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=float, default=math.inf, metavar="S",
        help="seconds until every worker has ended (default: no limit)",
    )  # fmt: skip


def add_files(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Where the result is written, too."""
    parser.add_argument("--html", metavar="PAGE", help="write a page to look at in a browser")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML, for CI servers")


def add_program(parser: argparse.ArgumentParser) -> None:
    """Somebody's own program."""
    parser.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="SCRIPT", help="and its own arguments"
    )
    parser.add_argument(
        "-m", dest="module", nargs=argparse.REMAINDER, metavar="MODULE",
        help="a module instead of a script, and its own arguments",
    )  # fmt: skip
